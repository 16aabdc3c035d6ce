"""How a business hall's export reads, and what `kehu.toml` would say of it."""

HEADS = (
    "订单号", "业务号码", "客户姓名", "性别", "证件类型", "证件号码", "出生日期", "联系电话", "备用电话", "通讯地址",
    "客户类别", "受理时间",
)  # fmt: skip
MAPPING = dict(
    zip(
        (
            "record_id", "msisdn", "name", "gender", "id_type", "id_number", "birth_date", "phone", "phone_2",
            "address", "category", "updated_at",
        ),
        HEADS,
        strict=True,
    )
)  # fmt: skip
"""Our column and the export's, as kehu.toml would say it."""
RULES = (
    {"rule": "required", "columns": ["name", "phone", "id_number"], "any": True},
    {"rule": "not_placeholder", "columns": ["updated_at"]},
    {"rule": "not_placeholder", "columns": ["name", "phone", "id_number", "birth_date"], "severity": "warn"},
    {"rule": "checksum", "columns": ["id_number"], "severity": "warn"},
)
"""The rules of the demo's halls, and the check digit."""
