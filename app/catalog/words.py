"""What people read for the words that course files use."""

from __future__ import annotations

from app.kernel.words import _l

THEME_NAMES = {
    "digital-transformation": _l("Chuyển đổi số"),
    "technology-transfer": _l("Chuyển giao công nghệ"),
    "extension-skills": _l("Kỹ năng khuyến công"),
}
LEVEL_NAMES = {
    "foundation": _l("Cơ bản"),
    "practitioner": _l("Nâng cao"),
    "advanced": _l("Chuyên sâu"),
}
AUDIENCE_NAMES = {
    "officer": _l("Cán bộ khuyến công"),
    "collaborator": _l("Cộng tác viên"),
    "trainer": _l("Giảng viên"),
    "manager": _l("Người quản lý"),
    "enterprise": _l("Cơ sở, doanh nghiệp"),
}
