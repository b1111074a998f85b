import pytest
from django.db import connection


@pytest.mark.django_db
def test_it_is_postgres():
    with connection.cursor() as c:
        c.execute("select version()")
        assert "PostgreSQL 18" in c.fetchone()[0]
