"""Fetches the wheels of an index that wants credentials; they come as a build secret and stay there."""

import base64
import hashlib
import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

SECRETS = Path("/run/secrets")
ATTEMPTS = 4


def authorization(secret: str) -> str:
    """Return the header's value for `user:password`, or for a token as PyPI takes it."""
    value = (SECRETS / secret).read_text().strip()
    if ":" not in value:
        value = f"__token__:{value}"
    return "Basic " + base64.b64encode(value.encode()).decode()


def fetch(row: dict[str, str], context: ssl.SSLContext) -> bytes:
    request = urllib.request.Request(row["url"])
    # An index may redirect to a storage of somebody else's, who must not see the credentials.
    request.add_unredirected_header("Authorization", authorization(row["secret"]))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            if (error.code < 500 and error.code != 429) or attempt == ATTEMPTS:
                sys.exit(f"{row['url']}: {error.code} {error.reason}")
        except OSError as error:
            if attempt == ATTEMPTS:
                sys.exit(f"{row['url']}: {error}")
        time.sleep(2**attempt)
    raise AssertionError


def main(listing: Path, folder: Path) -> None:
    bundle = SECRETS / "ca-bundle"
    context = ssl.create_default_context()
    if bundle.exists():
        context.load_verify_locations(bundle)
    folder.mkdir(parents=True)
    for row in json.loads(listing.read_bytes()):
        content = fetch(row, context)
        found = hashlib.sha256(content).hexdigest()
        if found != row["sha256"]:
            sys.exit(f"digest mismatch sha256:{found}: sha256:{row['sha256']}: {row['url']}")
        (folder / row["file"]).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
