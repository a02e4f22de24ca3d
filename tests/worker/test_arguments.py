"""Tests of aiohttp_fleet/worker/arguments.py."""

import grp

import pytest

from aiohttp_fleet.worker.arguments import control_path, parse


def test_an_app_and_a_path_are_enough() -> None:
    """The defaults are those of the documented deployment."""
    options = parse(["app.main:create_app", "--path=/tmp/web_1.sock"])
    assert (options.app, options.paths, options.port) == ("app.main:create_app", ("/tmp/web_1.sock",), None)
    assert (options.backlog, options.mode, options.drain, options.user) == (4096, 0o660, 30, "nobody")
    assert options.access_log is False


def test_paths_may_be_repeated_and_mixed_with_a_port() -> None:
    """A worker listens in several places, as aiohttp allows."""
    options = parse(["app", "--path=/a", "--path=/b", "--host=::1", "--port=8081"])
    assert (options.paths, options.host, options.port) == (("/a", "/b"), "::1", 8081)


def test_a_mode_is_octal_and_a_group_is_looked_up() -> None:
    """--mode=666 is rw-rw-rw-, --group is a name."""
    group = grp.getgrgid(0)
    options = parse(["app", "--path=/a", "--mode=666", f"--group={group.gr_name}"])
    assert (options.mode, options.gid) == (0o666, group.gr_gid)


@pytest.mark.parametrize(
    ("path", "control"),
    [("/tmp/web_1.sock", "/tmp/web_1.ctl"), ("/tmp/web_1", "/tmp/web_1.ctl"), ("/tmp/web.ctl", "/tmp/web.ctl.ctl")],
)
def test_the_control_socket_is_next_to_the_socket(path: str, control: str) -> None:
    """It has another ending, unless the command line names another path."""
    assert control_path(path) == control
    assert parse(["app", f"--path={path}", "--path=/b"]).control == control
    assert parse(["app", f"--path={path}", "--control=/c"]).control == "/c"
    assert parse(["app", "--port=8081"]).control is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--path=/a"], "the following arguments are required"),
        (["app"], "nothing to serve, give it --path or --port"),
        (["app", "--path=/a", "--path=/a"], "the same --path is given twice"),
        (["app", "--path=/a", "--mode=999"], "'999' is not a file mode"),
        (["app", "--path=/a", "--mode=rw"], "'rw' is not a file mode, write it in octal, such as 660"),
        (["app", "--path=/a", "--mode=7777"], "'7777' is not a file mode"),
        (["app", "--path=/a", "--group=no-such-group"], "there is no group 'no-such-group' on this machine"),
        (["app", "--port=70000"], "'70000' is not a whole number from 1 to 65535"),
        (["app", "--path=/a", "--drain=soon"], "'soon' is not a number of seconds, such as 30"),
        (["app", "--path=/a", "--drain=-1"], "'-1' is not a number of seconds"),
        (["app", "--path=/a", "--backlog=0"], "'0' is not a whole number from 1 to 65535"),
        (["app", "--path=/a", "--backlog=99999999999"], "'99999999999' is not a whole number from 1 to 65535"),
        (["app", "--path="], "argument --path: it is empty, write a path such as /tmp/web_1.sock"),
        (["app", "--path=/a", "--loop=trio"], "invalid choice: 'trio'"),
        (["app", "--path=/a", "--control=/a"], "--control is one of the --path sockets"),
        (["app", "--pat=/a"], "unrecognized arguments: --pat=/a"),
    ],
)
def test_a_wrong_argument_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says what is wrong and where to find help."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    line = capsys.readouterr().err
    assert ended.value.code == 2
    assert message in line
    assert line.count("\n") == 1
