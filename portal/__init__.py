"""The wiring: settings, addresses, health, and the embedded services."""
