"""Whether the photographs said enough: refuse where they said nothing, note where they said little.

Shares are of the subject: the mask, or what is brighter than the shadow floor where there is none.
"""

from __future__ import annotations

import logging

import numpy as np

from olat.errors import SolveError
from olat.model.field import ReflectanceField
from olat.model.flags import PixelFlag
from olat.model.maps import NormalMap, PhongMaps
from olat.model.shapes import Mask

logger = logging.getLogger(__name__)

FEW = 0.05
"""Share of the subject with a normal that is noted as little."""
GLOSSY = 0.5
"""Share of the subject with known gloss below which it is noted."""

CAUSES = {
    PixelFlag.SATURATED: "their readings are clipped. Expose less",
    PixelFlag.CLAMPED: "their readings are beyond half precision. Check white_patch and the gains",
    PixelFlag.DEAD: "the photographs hold no number there. Write the files again",
    PixelFlag.OUT_OF_FRAME: "they move out of the picture. Check the tracking frames",
    PixelFlag.OCCLUDED: "their motion cannot be followed. Check the tracking frames",
}


def require_normals(
    solved: NormalMap, field: ReflectanceField | None, mask: Mask | None, *, floor: float
) -> None:
    """Refuse a map without any normal inside the mask; note one with few.

    Raises
    ------
    SolveError
        If no pixel has a normal.
    """
    subject = _subject(solved.flags, mask)
    known = subject & solved.normals.any(axis=2)
    count, total = np.count_nonzero(known), np.count_nonzero(subject)
    if count >= FEW * total and count:
        return
    open_ = np.ones_like(known) if mask is None else mask
    reason = _reason(solved.flags[open_ & ~known], field, floor)
    if count == 0:
        where = "the subject" if mask is None else "the mask"
        raise SolveError(f"solve_normals: no pixel of {where} has a normal: {reason}.")
    logger.warning("Only %.1f %% of the subject have a normal: %s.", 100 * count / total, reason)


def note_open_normals(solved: NormalMap) -> None:
    """Note where the lights of the rig leave normals from gradients open in places."""
    known = solved.normals.any(axis=2)
    flag = np.uint8(PixelFlag.UNDERDETERMINED | PixelFlag.CLAMPED)
    share = float(np.mean((solved.flags[known] & flag) != 0)) if known.any() else 0.0
    if share > FEW:
        logger.warning(
            "The lights leave normals from gradients open in %.0f %% of the subject: too little "
            "light comes from where it faces. They are flagged, and have little confidence. The "
            "OLAT sweep does better.",
            100.0 * share,
        )


def note_open_faces(solved: NormalMap) -> None:
    """Note where little that is reflected at the surface tells its normal."""
    seen = (solved.flags & PixelFlag.SHADOWED) == 0
    open_ = (solved.flags & np.uint8(PixelFlag.UNDERDETERMINED)) != 0
    share = float(np.mean(open_[seen])) if seen.any() else 0.0
    if share > FEW:
        logger.warning(
            "Normals of the surface's face are open in %.0f %% of what reflects light: it reflects "
            "too little to tell, or no light is in its mirror direction. They are flagged.",
            100.0 * share,
        )


def note_gloss(found: PhongMaps, normals: NormalMap, mask: Mask | None, lights: int | None) -> None:
    """Note where gloss is known in less than half of the pixels that have a normal.

    Raises
    ------
    SolveError
        If no pixel has a normal.
    """
    known = _subject(normals.flags, mask) & normals.normals.any(axis=2)
    if not known.any():
        raise SolveError(
            "fit_phong: no pixel of the subject has a normal; needed are normals, around which "
            "gloss is sought. Run solve_normals on this session and see what it says."
        )
    without = known & (found.confidence == 0)
    share = 1.0 - np.count_nonzero(without) / np.count_nonzero(known)
    if share >= GLOSSY:
        return
    unseen = np.mean((found.flags[without] & PixelFlag.UNDERDETERMINED) != 0)
    if lights is not None and unseen > 0.5:
        reason = f"{lights} lights are too few, or too far from the mirrored view, to see most "
        reason += "highlights"
    else:
        reason = "elsewhere no highlight stands out from the matte part"
    logger.warning(
        "Gloss is known in %.0f %% of the subject: %s. The specular albedo is 0 where it is not.",
        100.0 * share,
        reason,
    )


def _subject(flags: np.ndarray, mask: Mask | None) -> Mask:
    return (flags & PixelFlag.SHADOWED) == 0 if mask is None else mask


def _reason(flags: np.ndarray, field: ReflectanceField | None, floor: float) -> str:
    """Say what keeps pixels with these flags from having a normal, and what to do."""
    if not flags.size:
        return "the mask is empty. Make it bright inside the subject"
    if field is not None:
        count = len(field.planes)
        if count < 3:
            return (
                f"the sweep has {count} light{'s' * (count > 1)}; needed are three that do not lie "
                "in a plane. Photograph more lights, or a color gradient and its complement"
            )
        if _in_a_plane(field):
            return (
                f"the {count} lights lie in a plane with the subject, which leaves two normals "
                "open; needed is a light off that plane. Check the directions in the light file"
            )
    shares = {cause: np.mean((flags & cause) != 0) for cause in CAUSES}
    worst = max(CAUSES, key=lambda cause: shares[cause])
    if np.mean((flags & PixelFlag.SHADOWED) != 0) >= max(shares[worst], 0.5):
        peak = "" if field is None else f"; the brightest reading is {_brightest(field):.2g}"
        return (
            f"nothing is brighter than shadow_floor = {floor:g}{peak}. Lower shadow_floor, or "
            "check white_patch and the gains in session.toml"
        )
    if shares[worst] > 0.0:
        return CAUSES[worst]
    return "fewer than three lights reach each pixel. Photograph more lights, or lower shadow_floor"


def _in_a_plane(field: ReflectanceField) -> bool:
    directions = field.header.rig.directions
    spread = np.linalg.eigvalsh(directions.T @ directions / len(directions))
    return bool(spread[0] < 1e-4)


def _brightest(field: ReflectanceField) -> float:
    return max(float(np.fmax.reduce(plane, axis=None)) for plane in field.planes)
