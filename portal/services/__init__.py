"""The embedded PostgreSQL and Valkey of one data folder: find, start, stop, heal."""

from portal.services.datadir import DataDir, ServiceError
from portal.services.session import Session, services_for

__all__ = ["DataDir", "ServiceError", "Session", "services_for"]
