"""Build hook: the browser files of the web application come from npm into `src/kehu/serve/static/vendor`.

They are never committed, and they ship in the wheel and in the source distribution, so only who builds from a
checkout needs node and npm. No package script runs (`--ignore-scripts`): one of the packages would phone home.
"""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/kehu/serve/static/vendor")

FILES: dict[str, str] = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE": "htmx.org/LICENSE",
    "echarts.js": "echarts/dist/echarts.min.js",
    "echarts.LICENSE": "echarts/LICENSE",
    "echarts.NOTICE": "echarts/NOTICE",
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.js.LICENSE": "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.LICENSE": "swagger-ui-dist/LICENSE",
    "swagger-ui.NOTICE": "swagger-ui-dist/NOTICE",
}
"""Name in the vendor folder -> file in node_modules."""


class BrowserFiles(BuildHookInterface[Any]):
    """Fetches the browser files before a build, unless those of this lock file are there."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """Put every browser file in its place."""
        root = Path(self.root)
        stamp = root / VENDOR / "stamp"
        wanted = hashlib.sha256((root / "package-lock.json").read_bytes() + repr(FILES).encode()).hexdigest()
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(
                "hatch_build.py: npm is missing, the browser files come from it: apt-get install nodejs npm"
            )
        self.app.display_info("Fetching the browser files from npm")
        fetched = subprocess.run(  # noqa: S603 - no shell, and no argument from outside
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=root,
            check=False,
            capture_output=True,
            text=True,
        )
        if fetched.returncode:
            raise SystemExit(f"hatch_build.py: npm could not fetch the browser files\n{fetched.stderr.strip()}")
        shutil.rmtree(root / VENDOR, ignore_errors=True)
        (root / VENDOR).mkdir(parents=True)
        for name, source in FILES.items():
            text = (root / "node_modules" / source).read_text(encoding="utf-8")
            # The source maps stay behind, and a reference to them would be a failed request in every console.
            (root / VENDOR / name).write_text(
                re.sub(r"\n/[/*]# sourceMappingURL=.*\s*\Z", "\n", text), encoding="utf-8"
            )
        stamp.write_text(wanted)
