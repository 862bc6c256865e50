"""Asks the copy in this container whether it is well: ``python -m chassis.probe live`` (exit code 0 or 1).

Without a proxy, a shell or a further program in the image.
"""

from __future__ import annotations

import argparse
import http.client
import sys


def answers(kind: str, port: int) -> bool:
    """Whether ``/health/<kind>`` of the copy on this port says yes within two seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", f"/health/{kind}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask this container's copy of a service for its health.")
    parser.add_argument("kind", choices=["live", "ready"])
    parser.add_argument("--port", type=int, default=8000)
    chosen = parser.parse_args()
    sys.exit(not answers(chosen.kind, chosen.port))


if __name__ == "__main__":
    main()
