"""The files that ``fleet init`` begins with: those of this kit's own ``deploy/``."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

SUPERVISORD = "supervisord.conf"
NGINX = "nginx.conf"
TLS = "tls.conf"
IGNORE = "run/.gitignore"


def templates() -> Mapping[str, str]:
    """Return the text of each file by its path below ``deploy/``.

    A wheel carries them as ``aiohttp_fleet/templates`` (pyproject.toml, force-include); in an editable checkout they
    are read where they are edited.
    """
    package = files("aiohttp_fleet")
    packed = package / "templates"
    root = packed if packed.is_dir() else package / ".." / "deploy"
    since = {f"since/{file.name}": file for file in (root / "since").iterdir() if file.name.endswith(".conf")}
    found: dict[str, Traversable] = {name: root / name for name in (SUPERVISORD, NGINX, TLS, IGNORE)} | since
    return {name: file.read_text() for name, file in found.items()}
