"""`precursor-watch serve`: the review app."""

from __future__ import annotations

from pathlib import Path

import click

from cli.law import law_options
from cli.options import database_option, sources_option

pem = click.Path(dir_okay=False, path_type=Path)


@click.command()
@law_options
@database_option
@sources_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0 takes a free one."
)
@click.option("--public-url", default="", metavar="URL", help="What people open, behind a reverse proxy.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="NETWORK",
    help="Address or network of a reverse proxy whose X-Forwarded-* headers are believed.",
)
@click.option("--tls-certificate", type=pem, help="To serve HTTPS itself: certificate with its chain, PEM.")
@click.option("--tls-key", type=pem, help="To serve HTTPS itself: private key, PEM.")
@click.option(
    "--idle-minutes", type=click.IntRange(1, 24 * 60), default=60, show_default=True,
    help="A session not used for so long ends.",
)  # fmt: skip
@click.option(
    "--session-hours", type=click.IntRange(1, 72), default=12, show_default=True,
    help="A session ends so long after its log-in.",
)  # fmt: skip
def command(  # noqa: PLR0913 (options of one command)
    database: Path,
    sources_file: Path,
    host: str,
    port: int,
    *,
    public_url: str,
    trusted_proxies: tuple[str, ...],
    tls_certificate: Path | None,
    tls_key: Path | None,
    idle_minutes: int,
    session_hours: int,
) -> None:
    """Review what was flagged, in the browser.

    Whoever opens it logs in; `precursor-watch users add` makes users. Without further options it listens on
    this machine only. Behind a reverse proxy: docs/reverse-proxy.md.

    Example: precursor-watch serve
    """
    from datetime import timedelta

    from cli.operating import operating_for
    from cli.reference import reference_for
    from review.web.serve import Tls, serve
    from review.web.settings import Safety

    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("Give --tls-certificate and --tls-key together.")
    safety = Safety(
        public_url=public_url.rstrip("/"),
        trusted_proxies=trusted_proxies,
        idle=timedelta(minutes=idle_minutes),
        longest=timedelta(hours=session_hours),
    )
    tls = Tls(certificate=tls_certificate, key=tls_key) if tls_certificate and tls_key else None

    def announce(address: str) -> None:
        click.echo(f"Reviewing at {address} (stop with Ctrl+C)", err=True)

    serve(
        database,
        host,
        port,
        safety=safety,
        tls=tls,
        reference=reference_for(database),
        service_api=operating_for(database, sources_file),
        announce=announce,
    )
