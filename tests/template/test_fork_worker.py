"""Tests of aiohttp_fleet/template/: the workers that a template forks."""

import subprocess
import sys
import sysconfig
from pathlib import Path

from aiohttp_fleet.template.messages import LIBRARIES, WHOLE
from tests.place import PROJECT
from tests.template.conftest import Shop


def test_what_is_imported_once_is_not_imported_by_workers(shop: Shop) -> None:
    """Its output is the template's, so workers print nothing of it."""
    template = shop("print('imported', flush=True)\n")
    assert template.start().shares == WHOLE
    assert "imported" not in template.fork()
    assert "imported" in template.log.read_text()


def test_what_the_build_imports_is_shared_too(shop: Shop, place: Path) -> None:
    """A library that the factory imports is in memory before the fork, its own modules as well."""
    (place / "late.py").write_text("print('late', flush=True)\n")
    template = shop("def create_app():\n    import late\n    return web.Application()\n")
    assert template.start().shares == WHOLE
    assert "late" not in template.fork()


def test_a_build_that_imports_what_cannot_be_shared_is_left_to_workers(shop: Shop, place: Path) -> None:
    """A module that starts a thread is imported in a trial only."""
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=[99], daemon=True).start()\n"
    (place / "late.py").write_text(f"{thread}print('late', flush=True)\n")
    template = shop("def create_app():\n    import late\n    return web.Application()\n")
    assert template.start().shares == WHOLE
    assert "late" in template.fork()


def test_a_worker_has_its_own_variables(shop: Shop) -> None:
    """Those in which it differs come with the request; the application's own changes at its import stay."""
    code = "import os\nos.environ['MADE'] = 'at import'\ndef create_app():\n"
    code += "    print(os.environ['WORKER_NUMBER'], os.environ['MADE'], flush=True)\n    return web.Application()\n"
    template = shop(code)
    template.start({"WORKER_NUMBER": "1"})
    assert [template.fork({"WORKER_NUMBER": number}).splitlines()[0] for number in "23"] == [
        "2 at import",
        "3 at import",
    ]


def test_a_file_that_was_read_and_has_changed_is_named(shop: Shop, place: Path) -> None:
    """A module, a file that the application opens at its import, a directory that it lists, an env file."""
    (place / "settings.ini").write_text("a")
    (place / "plugins").mkdir()
    (place / "env").write_text("A=1\n")
    (place / "env").chmod(0o600)
    code = "import os\nopen('settings.ini').read()\nos.listdir('plugins')\n"
    for name in ("shop.py", "settings.ini", "plugins/new.py", "env"):
        template = shop(code, f"--env-file={place}/env")
        template.start()
        assert template.changed() == ""
        with (place / name).open("a") as file:
            file.write("# changed\n")
        changed = place / name
        assert template.changed() == str(changed.parent if name == "plugins/new.py" else changed)
        template.stop()


def test_a_package_that_was_installed_since_is_seen(shop: Shop, place: Path) -> None:
    """A new .pth file in site-packages, as an editable install writes it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    (packages,) = (place / "venv").glob("lib/python*/site-packages")
    (packages / "kit.pth").write_text(f"{sysconfig.get_path('purelib')}\n{PROJECT}\n")
    template = shop()
    template.python = str(place / "venv" / "bin" / "python")
    template.start()
    assert template.changed() == ""
    (packages / "__editable__.extra.pth").write_text(f"{place}\n")
    assert template.changed() == str(packages)


def test_a_changed_ca_file_is_seen(shop: Shop, place: Path) -> None:
    """aiohttp reads it at its import, into the context of all clients."""
    bundle = place / "ca.pem"
    bundle.write_text("")
    template = shop()
    template.start(SSL_CERT_FILE=str(bundle))
    assert template.changed() == ""
    bundle.write_text("\n")
    assert template.changed() == str(bundle)


def test_a_file_that_changes_while_it_is_imported_counts_as_changed(shop: Shop, place: Path) -> None:
    """Which of the two was read is not known."""
    template = shop("import pathlib\npathlib.Path(__file__).touch()\n")
    template.start()
    assert template.changed() == str(place / "shop.py")


def test_an_application_that_cannot_be_built_is_reported(shop: Shop) -> None:
    """The reason is in the report, the traceback in the output."""
    template = shop("def create_app(): raise RuntimeError('no database')\n")
    report = template.start()
    assert (report.shares, "no database" in report.problem) == (WHOLE, True)
    assert "Traceback" in template.log.read_text()


def test_a_build_that_ends_its_process_is_reported(shop: Shop) -> None:
    """It ends the trial, not the template."""
    report = shop("import os\ndef create_app(): os._exit(0)\n").start()
    assert report.problem == "the build has ended its process"


def test_the_build_of_a_shared_library_only_template_is_tried_with_the_workers_variables(shop: Shop) -> None:
    """An application that asks for its number at its import is built as a worker builds it."""
    template = shop("import os\nN = os.environ['WORKER_NUMBER']\n")
    report = template.start({"WORKER_NUMBER": "1"}, libraries=[])
    assert (report.shares, report.problem) == (LIBRARIES, "")


def test_a_template_ends_with_the_plugin(shop: Shop) -> None:
    """Its socket is closed when supervisord ends, killed or not."""
    template = shop()
    template.start()
    template.stop()
    assert template.process.returncode == 0
