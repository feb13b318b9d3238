"""A head worth relighting: the shape."""

from __future__ import annotations

from dataclasses import replace

from olat.synthetic.scene import Subject
from olat.synthetic.shape import Body, Ellipsoid
from olat.synthetic.skin import HeadPaint


def _pair(part: Ellipsoid) -> tuple[Ellipsoid, Ellipsoid]:
    """Return a part and its mirror image across the middle of the face."""
    (x, y, z), (about_x, about_y, about_z) = part.center, part.tilt_deg
    return part, replace(part, center=(-x, y, z), tilt_deg=(about_x, -about_y, -about_z))


HAIR = Ellipsoid((0.0, 0.055, -0.031), (0.0800, 0.0810, 0.0940), 0.006, (-24, 0, 0))
UPPER_LIPS = _pair(
    Ellipsoid((0.0070, -0.0538, 0.0838), (0.0165, 0.0050, 0.0066), 0.006, (0, 12, -5))
)
LOWER_LIP = Ellipsoid((0.0, -0.0640, 0.0825), (0.0185, 0.0062, 0.0076), 0.005)
EARS = _pair(Ellipsoid((0.0715, 0.000, -0.006), (0.0080, 0.0270, 0.0165), 0.010, (10, 20, -6)))
EYES = _pair(Ellipsoid((0.0320, 0.006, 0.0650), (0.0150, 0.0150, 0.0150), 0.003))

PARTS = (
    Ellipsoid((0.0, 0.038, -0.018), (0.074, 0.080, 0.092)),  # skull
    Ellipsoid((0.0, -0.020, 0.016), (0.061, 0.082, 0.066), 0.03),  # face
    Ellipsoid((0.0, -0.068, 0.018), (0.046, 0.036, 0.052), 0.03),  # jaw
    Ellipsoid((0.0, -0.098, 0.059), (0.020, 0.014, 0.016), 0.028),  # chin
    *_pair(Ellipsoid((0.036, -0.026, 0.052), (0.024, 0.019, 0.022), 0.022)),  # cheeks
    *_pair(Ellipsoid((0.027, 0.027, 0.065), (0.027, 0.008, 0.012), 0.018, (0, 18, -3))),  # brows
    *_pair(Ellipsoid((0.0315, 0.003, 0.0570), (0.0210, 0.0150, 0.0160), 0.014)),  # lids
    Ellipsoid((0.0, 0.003, 0.078), (0.0080, 0.032, 0.013), 0.012, (-17, 0, 0)),  # nose bridge
    Ellipsoid((0.0, -0.0235, 0.0965), (0.0100, 0.0090, 0.0115), 0.012),  # nose tip
    *_pair(Ellipsoid((0.0105, -0.0275, 0.0865), (0.0070, 0.0063, 0.0095), 0.009)),  # nose wings
    Ellipsoid((0.0, -0.053, 0.070), (0.026, 0.016, 0.014), 0.018),  # mouth
    *UPPER_LIPS,
    LOWER_LIP,
    *EARS,
    Ellipsoid((0.0, -0.130, -0.028), (0.053, 0.090, 0.054), 0.02),  # neck
    *_pair(Ellipsoid((0.075, -0.175, -0.032), (0.085, 0.028, 0.040), 0.05, (0, 0, -24))),  # nape
    Ellipsoid((0.0, -0.240, -0.030), (0.170, 0.070, 0.075), 0.05),  # shoulders
    HAIR,
    *EYES,
)


def head() -> Subject:
    """Make the head and shoulders of a person, about 0.25 m tall, facing +z."""
    paint = HeadPaint(HAIR, ears=EARS, eyes=EYES)
    return Subject(Body(PARTS), paint, Body(tuple(part.inflated(-0.0008) for part in PARTS)))
