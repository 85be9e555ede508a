"""The configurations in docs/reverse-proxy.md, run by the real programs where they are installed."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import closing, contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from fixtures.builders.forms import read_form
from fixtures.builders.login import PASSWORD, a_user, build
from review.web.serve import build_server, listen
from review.web.settings import Safety
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from tests.review.test_proxy import a_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from review.web.serve import Tls

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[2] / "docs" / "reverse-proxy.md"
HOST = "review.agency.example"


def documented(program: str, tls: Tls, upstream: int, public: int) -> str:
    """Return the configuration in the docs with this test's ports and certificate."""
    text: str
    (text,) = re.findall(rf"<!-- tested: {program} -->\n```\w+\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for old, new in (
        (f"/etc/ssl/{HOST}.pem", str(tls.certificate)),
        (f"/etc/ssl/{HOST}.key", str(tls.key)),
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        ("listen 443", f"listen 127.0.0.1:{public}"),
        (f"{HOST} {{", f"https://{HOST}:{public} {{"),
    ):
        text = text.replace(old, new)
    return text


def command_for(program: str, path: str, text: str, folder: Path) -> list[str]:
    """Write the program's files and return the command that runs it in the foreground."""
    if program == "nginx":
        temporary = "".join(
            f"{each}_temp_path {folder}/{each};\n"
            for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        head = f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\nhttp {{\naccess_log off;\n"
        (folder / "nginx.conf").write_text(f"{head}{temporary}{text}\n}}\n")
        return [path, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    options = "{\n admin off\n auto_https disable_redirects\n skip_install_trust\n}\n"
    (folder / "Caddyfile").write_text(f"{options}{text}")
    return [path, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def running(program: str, path: str, text: str, folder: Path, port: int) -> Iterator[None]:
    """Run the proxy until the block ends; go in when its port answers."""
    env = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with subprocess.Popen(
        command_for(program, path, text, folder), env=env, stderr=subprocess.DEVNULL
    ) as proxy:
        try:
            while proxy.poll() is None:
                with socket.socket() as trying:
                    if trying.connect_ex(("127.0.0.1", port)) == 0:
                        break
            assert proxy.returncode is None, f"{program} did not start"
            yield
        finally:
            proxy.terminate()


@pytest.mark.parametrize("program", ["nginx", "caddy"])
def test_the_documented_proxy_lets_people_log_in(program: str, database: Path, tmp_path: Path) -> None:
    """By HTTPS through the proxy; a forwarded address that the browser made up is not believed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed here.")
    a_user(database)
    tls = a_certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        public = taken.getsockname()[1]
    safety = Safety(public_url=f"https://{HOST}:{public}", trusted_proxies=("127.0.0.1",))
    with listen("127.0.0.1", 0) as listener:
        server = build_server(build(database, safety=safety))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        text = documented(program, tls, listener.getsockname()[1], public)
        try:
            with running(program, path, text, tmp_path, public):
                enter_through(public, tls)
        finally:
            server.should_exit = True
            thread.join()
    with closing(open_database(database)) as db:
        assert list_entries(db, action=AuditAction.LOGGED_IN)[0].address == "127.0.0.1"


def enter_through(port: int, tls: Tls) -> None:
    """Log in by the form and see the queue, as a browser that trusts the certificate."""
    context = ssl.create_default_context(cafile=str(tls.certificate))
    plain = socket.create_connection(("127.0.0.1", port))
    with closing(HTTPSConnection(HOST, port, context=context)) as connection:
        connection.sock = context.wrap_socket(plain, server_hostname=HOST)
        made_up = {"X-Forwarded-For": "203.0.113.66", "Origin": f"https://{HOST}:{port}"}
        page, cookie, _ = ask(connection, "GET", "/login", made_up)
        assert cookie.startswith("__Host-precursor_watch=")
        sent = read_form(page, "/login").values | {"name": "ada", "password": PASSWORD}
        form = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        _, cookie, status = ask(connection, "POST", "/login", made_up | form, urlencode(sent))
        assert status == 303
        page, _, status = ask(connection, "GET", "/", {"Cookie": cookie})
        assert (status, "<b>ada</b>" in page) == (200, True)


def ask(
    connection: HTTPSConnection, method: str, path: str, headers: dict[str, str], body: str = ""
) -> tuple[str, str, int]:
    """Return the text of an answer, the cookie that it sets, and its status."""
    connection.request(method, path, body=body or None, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    return text, (answer.headers["set-cookie"] or "").partition(";")[0], answer.status
