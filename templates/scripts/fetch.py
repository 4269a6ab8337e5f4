"""Fetches packages of whom wants credentials; these come as build secrets and stay there."""

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


def open_request(row: dict[str, str]) -> urllib.request.Request:
    """Return the request for a package, with the credentials as its index or its channel takes them.

    Both take `user:password`. A token alone is the password of `__token__` for an index, and a part
    of the address for a channel; a channel also takes `Bearer` and a token.
    """
    value = (SECRETS / row["secret"]).read_text().strip()
    url, header = row["url"], value
    if row["from"] == "channel" and ":" not in value and " " not in value:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        return urllib.request.Request(f"{scheme}://{host}/t/{value}/{path}")
    if row["from"] == "index" or not value.startswith("Bearer "):
        pair = value if ":" in value else f"__token__:{value}"
        header = "Basic " + base64.b64encode(pair.encode()).decode()
    request = urllib.request.Request(url)
    # It may redirect to a storage of somebody else's, who must not see the credentials.
    request.add_unredirected_header("Authorization", header)
    return request


def fetch(row: dict[str, str], context: ssl.SSLContext) -> bytes:
    request = open_request(row)
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
