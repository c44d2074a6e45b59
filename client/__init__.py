"""A typed client: `Client().predict("A fine film.").label`. It needs the standard library only."""

from client.client import Client, ServiceError

__all__ = ["Client", "ServiceError"]
