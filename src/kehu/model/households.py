"""The three-household model (三户模型): what a record says of subscriptions, accounts and contacts beside its customer.

A record says it; whose it is follows from the customer the record belongs to, today. So nothing here is moved when
customers merge or split, and a version of a record that is no longer in force takes what it said with it.
"""

import pyarrow as pa

_INSTANT = pa.timestamp("us", tz="UTC")

SUBSCRIPTION = pa.schema(
    [
        pa.field("msisdn", pa.string()),  # The number as a phone is written, or the login of a broadband line.
        pa.field("role", pa.string()),  # codes.Role: what the customer of the record is to it.
        pa.field("plan", pa.string()),
        pa.field("number_state", pa.string()),  # codes.NumberState
        pa.field("opened_at", _INSTANT),
        pa.field("user_name", pa.string()),  # Who really uses it (实际使用人), where not the holder.
        pa.field("proxy_name", pa.string()),  # Who acted for the holder (经办人); never part of the record itself.
        pa.field("proxy_id_type", pa.string()),  # codes.IdType
        pa.field("proxy_id_number", pa.string()),
    ]
)
"""What a record says of a subscription (用户); nothing, where `msisdn` is null."""

ACCOUNT = pa.schema(
    [
        pa.field("account_id", pa.string()),
        pa.field("account_type", pa.string()),  # codes.AccountType
        pa.field("payer_name", pa.string()),  # Who pays, where not the customer of the record.
    ]
)
"""What a record says of an account (账户); nothing, where `account_id` is null."""

INTERACTION = pa.schema(
    [
        pa.field("interaction_at", _INSTANT),
        pa.field("interaction_ended_at", _INSTANT),
        pa.field("interaction_kind", pa.string()),  # codes.InteractionKind
        pa.field("interaction_direction", pa.string()),  # codes.Direction
        pa.field("interaction_number", pa.string()),  # The number that called or was called.
        pa.field("interaction_reason", pa.string()),
        pa.field("interaction_reason_2", pa.string()),
        pa.field("interaction_reason_3", pa.string()),
        pa.field("interaction_verified", pa.bool_()),  # Whether the agent asked for the certificate.
        pa.field("interaction_agent", pa.string()),
        pa.field("interaction_satisfaction", pa.int64()),  # 1 to 5
    ]
)
"""The contact (接触记录) that a record tells of; nothing, where `interaction_at` is null."""

STATED = pa.schema([*SUBSCRIPTION, *ACCOUNT, *INTERACTION])
"""All of it, one row a record; a channel that maps none of it has none of these columns."""
