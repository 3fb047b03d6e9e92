"""Python runs this at its start where its folder is on PYTHONPATH: requests to a vendor go to a sandbox instead.

The programs that are compared stay as they are published; only the host that their requests go to is another.
Needs ``requests`` in the environment that it is put into, and the sandbox's origin in REROUTE_ORIGIN.
"""

import os
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

_ORIGIN = urlsplit(os.environ["REROUTE_ORIGIN"])
_send = HTTPAdapter.send


def _rerouted(self: HTTPAdapter, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
    address = urlsplit(str(request.url))
    request.url = address._replace(scheme=_ORIGIN.scheme, netloc=_ORIGIN.netloc).geturl()
    return _send(self, request, *arguments, **named)


HTTPAdapter.send = _rerouted  # type: ignore[method-assign]
