"""Lights that a folder of latitude-longitude pictures shows, one lit patch a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from olat.errors import FileError
from olat.io.light_list import LightFile, LightPatterns
from olat.io.photograph import PHOTOGRAPH_SUFFIXES, photograph_size, read_photograph
from olat.light.footprints import (
    center_of_footprint,
    from_convention,
    share_of_nearest,
    sites_of_cells,
)
from olat.light.latlong import solid_angles_of_pixels
from olat.model.image import RawMosaic
from olat.model.shapes import Array, Directions

_LISTS = (".lp", ".dome", ".csv", ".tsv", ".txt", ".pc")
_NUMBER = re.compile(r"\d+(?=\D*$)")
_ALL_ON = 0.5
"""Share of the sphere from which a lit picture shows all lights on."""
_COMPACT = 0.7
"""Least length of the mean direction of one light: 0.7 is a cap of 66 degrees."""
_FEWEST, _LOOKED_AT = 4, 6
"""Pictures that make a set, and how many of them are looked at to know it for one."""
_GRAY = 0.1
"""Share of a picture that may be neither black nor lit; of photographs of a subject more is."""
_SHARED = 0.2
"""Share of all that is lit that several pictures may light; of a subject it is most."""
_TILED = 0.99
"""Share of the sphere from which footprints are the cells of the nearest light."""


def read_footprints(folder: Path, *, convention: str = "openexr") -> LightFile:
    """Read a folder of latitude-longitude pictures: in each, a patch is lit where the light is.

    Parameters
    ----------
    folder
        Pictures in the order of capture, numbered in their names. Black ones, and ones lit all
        over, stand for frames with all lights on; they are told in `LightFile.patterns`.
    convention
        How the pictures are turned: a name in `olat.light.footprints.CONVENTIONS`.

    Returns
    -------
    LightFile
        A direction for each light, in order of the frames: the mean of its patch; or, where the
        patches share the sphere among them without a gap, the place from which the patch is that
        of the nearest light.

    Raises
    ------
    FileError
        If the folder is no such set: no pictures, different sizes, not twice as wide as high, or a
        patch that no single light makes.
    """
    pictures = _pictures(folder)
    shape = photograph_size(next(iter(pictures.values())))
    weights = solid_angles_of_pixels(*shape) / (4.0 * np.pi)
    tracking: list[int] = []
    centers: dict[int, Float64[Array, " 3"]] = {}
    cells, covered = np.full(shape, -1), np.zeros(shape, dtype=np.int64)
    for frame, path in pictures.items():
        lit = read_lit(path)
        if lit.shape != shape:
            raise FileError(f"{path}: it is {_size(lit.shape)}; the others are {_size(shape)}.")
        if not lit.any() or weights[lit].sum() > _ALL_ON:
            tracking.append(frame)
            continue
        cells[lit] = len(centers)
        covered += lit
        centers[frame] = _center(path, lit)
    if not centers:
        raise FileError(f"{folder}: {len(pictures)} pictures, none with a light; one is needed.")
    directions, notes = _directions(cells, covered, np.array([*centers.values()]), weights)
    return LightFile(
        folder,
        "light footprints",
        vectors=from_convention(directions, convention),
        names=tuple(pictures[frame].name for frame in centers),
        holds="directions",
        notes=tuple(notes),
        patterns=LightPatterns(
            tuple(tracking), {frame: light for light, frame in enumerate(centers)}, ()
        ),
    )


def shows_footprints(folder: Path) -> bool:
    """Tell by a few of its pictures whether a folder shows a lit patch a picture.

    Photographs are hardly ever twice as wide as high, and black and white with a compact patch.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTOGRAPH_SUFFIXES)
    if len(paths) < _FEWEST or not all(_NUMBER.search(path.stem) for path in paths):
        return False
    step = max(1, len(paths) // _LOOKED_AT)
    try:
        return _are_maps(paths[::step])
    except FileError:
        return False


def _are_maps(paths: Sequence[Path]) -> bool:
    """Tell whether pictures are maps of one patch each, or all lit or black, with any patch."""
    height, width = photograph_size(paths[0])
    if width != 2 * height:
        return False
    weights = solid_angles_of_pixels(height, width) / (4.0 * np.pi)
    covered = np.zeros((height, width), dtype=np.int64)
    for path in paths:
        lit = read_lit(path)
        if lit.shape != (height, width) or _gray_share(path) > _GRAY:
            return False
        if lit.any() and weights[lit].sum() <= _ALL_ON:
            if np.linalg.norm(center_of_footprint(lit)) < _COMPACT:
                return False
            covered += lit
    return bool(covered.any() and (covered > 1).sum() < _SHARED * (covered > 0).sum())


def _gray_share(path: Path) -> float:
    """Return the share of a picture that is neither black nor lit."""
    picture = read_photograph(path)
    if isinstance(picture, RawMosaic):
        return 1.0
    codes = picture.codes if picture.codes.ndim == 2 else picture.codes.max(axis=2)
    white = picture.white if np.isfinite(picture.white) else 1.0
    return float(((codes > white / 20) & (codes <= white / 2)).mean())


def read_lit(path: Path) -> Bool[Array, "h w"]:
    """Return where a picture is brighter than half of full scale (of 1 for floats).

    Raises
    ------
    FileError
        If it is a RAW file, or neither black nor anywhere bright.
    """
    picture = read_photograph(path)
    if isinstance(picture, RawMosaic):
        raise FileError(f"{path}: this is a camera RAW file; a latitude-longitude map is needed.")
    codes = picture.codes if picture.codes.ndim == 2 else picture.codes.max(axis=2)
    white = picture.white if np.isfinite(picture.white) else 1.0
    lit: Bool[Array, "h w"] = np.asarray(codes > white / 2)
    if codes.any() and not lit.any():
        raise FileError(
            f"{path}: its brightest pixel is {codes.max() / white:.2g} of full scale; above 0.5, "
            "or black for a frame with all lights on, is needed."
        )
    return lit


def _pictures(folder: Path) -> dict[int, Path]:
    """Return the pictures of a folder by the last number in their names."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTOGRAPH_SUFFIXES)
    if not paths:
        files = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in _LISTS)
        hint = f" Did you mean {folder / files[0]}?" if files else ""
        raise FileError(
            f"{folder}: this folder holds no pictures; a light file, or a folder with one "
            f"latitude-longitude picture a light, is needed.{hint}"
        )
    height, width = photograph_size(paths[0])
    if width != 2 * height:
        raise FileError(
            f"{folder}: {paths[0].name} is {width} x {height}; latitude-longitude maps, twice as "
            "wide as high, are needed. For a folder of photographs there is olat init."
        )
    pictures: dict[int, Path] = {}
    for path in paths:
        number = _NUMBER.search(path.stem)
        if number is None:
            raise FileError(f"{path}: there is no number in its name; the frame's is needed.")
        frame = int(number[0])
        if frame in pictures:
            raise FileError(
                f"{path}: frame {frame} is {pictures[frame].name} already; one picture a frame is "
                "needed."
            )
        pictures[frame] = path
    return dict(sorted(pictures.items()))


def _center(path: Path, lit: Bool[Array, "h w"]) -> Float64[Array, " 3"]:
    """Return the direction of a patch; refuse what several lights make."""
    mean = center_of_footprint(lit)
    length = float(np.linalg.norm(mean))
    if length < _COMPACT:
        raise FileError(
            f"{path}: what is lit is spread over the sphere (its mean direction has the length "
            f"{length:.2f}, 1 is a point); the patch of a single light is needed."
        )
    return np.asarray(mean / length)


def _directions(
    cells: Int64[Array, "h w"],
    covered: Int64[Array, "h w"],
    centers: Directions,
    weights: Float64[Array, "h w"],
) -> tuple[Directions, list[str]]:
    """Return the lights, and how they were found in words."""
    share = float(weights[covered > 0].sum())
    twice = float(weights[covered > 1].sum())
    if share < _TILED or twice > 1.0 - _TILED:
        words = f"each light is the center of its patch; patches cover {share:.1%} of the sphere"
        return centers, [words + (f", {twice:.1%} more than once" if twice else "")]
    candidates = {"center": centers, "site": sites_of_cells(cells, centers)}
    shares = {name: share_of_nearest(cells, lights) for name, lights in candidates.items()}
    best = max(shares, key=lambda name: shares[name].mean())
    return candidates[best], [
        f"the patches share the sphere without a gap; each light is the {best} of its patch, "
        f"{shares[best].mean():.1%} of which ({shares[best].min():.1%} at least) is nearer to it "
        "than to any other light"
    ]


def _size(shape: tuple[int, ...]) -> str:
    """Return width and height in words."""
    return f"{shape[1]} x {shape[0]}"
