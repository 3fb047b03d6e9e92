"""What can be told of a model's container without loading the model: a web page asks, and must not wait for that."""

from __future__ import annotations

import io
import json
import zipfile

from scoring.errors import BundleError


def high_line(data: bytes) -> int:
    """The least score of High-Intent, in tenths.

    Raises:
        BundleError: the container is damaged.

    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            return int(json.loads(container.read("content.json"))["tiers"]["high"])
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise BundleError("The container is damaged.") from error
