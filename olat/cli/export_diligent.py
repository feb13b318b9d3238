"""``olat export diligent``: the folder that photometric-stereo programs read."""

from __future__ import annotations

import click

from olat.cli.export import Request, common, export_folder


@click.command("diligent")
@common
@click.option(
    "--as-truth",
    is_flag=True,
    help="Name the solved normals Normal_gt, as loaders want, though they are an estimate.",
)
def command(request: Request, *, as_truth: bool) -> int:
    """Write 16-bit pictures, lights, mask and normals in the layout of the DiLiGenT benchmark."""
    from olat.export.diligent import DiligentOptions, write_diligent

    options = DiligentOptions(as_truth)
    return export_folder(
        "diligent",
        request,
        lambda source, folder, tell: write_diligent(source, folder, options, tell),
    )
