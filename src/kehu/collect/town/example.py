"""The `kehu.toml` that reads the town: an example to copy from."""

from kehu.collect.town import calls, channels, hall, online

KEY = "KEHU_ONLINE_KEY"
"""The environment variable that holds the key of the application server."""


def settings_toml(port: int) -> str:
    """The settings of the demo, with the application server on this port, commented for the user who copies them."""
    return f"""# kehu.toml: three channels of an operator, and how their columns become ours.
# Paths are relative to this file. `kehu check` shows what these settings make of the first rows of each channel.

[kehu]
store = "sqlite:///kehu.db"  # any SQLAlchemy URL
home = "CN"                  # the country whose phone numbers and addresses are at home
zone = "Asia/Shanghai"       # where the clocks of the channels hang whose times state no offset
raw = "raw"                  # every batch is kept here as it came, as Parquet

[serve]
open_at_first = true         # nobody here is real: until there is a user, nobody signs in on this machine

[resolve]
model = "shipped"            # or the path of a model made by `kehu train`
hot_key_limit = 100          # a value shared by more records than this makes no pairs: an agent's phone, a blank

# --- Online applications: a REST service that answers nested JSON ---

[channels.online]
type = "rest"
trust = 2                    # of two values the one from the more trusted channel wins
url = "http://127.0.0.1:{port}/applications"
records_at = "applications"  # where in the answer the list of records stands
total_at = "total"           # how many there are, to notice if some do not arrive
paging = {{ kind = "cursor", parameter = "after", at = "next", size = 1000 }}
auth = {{ kind = "api_key", header = "X-API-Key", secret_env = "{KEY}" }}  # secrets stand in the environment only
allow_private = true         # loopback and private addresses are refused unless a channel says so

[channels.online.mapping]    # our column = the channel's column, with dots where it is nested
record_id = "application_id"
kind = {{ column = "applicant.kind", codes = {_codes(online.KINDS)} }}
name = "applicant.name"
gender = "applicant.gender"
birth_date = "applicant.birth"
id_number = "applicant.certificate.number"
phone = "applicant.contact.mobile"
phone_2 = "applicant.contact.other"
email = "applicant.contact.email"
address = "delivery.address"
updated_at = "submitted_at"
interaction_kind = {{ value = "application" }}  # the row is also a contact with the customer
interaction_at = "submitted_at"
interaction_reason = {{ value = "网上办理" }}
interaction_reason_2 = "plan"       # what is applied for

[channels.online.mapping.id_type]   # the longer form of the same: a column and what its codes mean
column = "applicant.certificate.type"
codes = {_codes(online.ID_TYPES)}

[channels.online.mapping.category]
column = "applicant.category"
codes = {_codes(online.CATEGORIES)}

[[channels.online.rules]]    # a row that breaks a rule goes to quarantine
rule = "required"
columns = ["name", "phone", "id_number"]
any = true                   # one of them is enough

[[channels.online.rules]]
rule = "not_placeholder"     # what stands there must mean something: no 2026-02-30
columns = ["updated_at"]

[[channels.online.rules]]
rule = "checksum"
columns = ["id_number"]
severity = "warn"            # the row is accepted, and the breach is counted

# --- Call centre: a table of a relational database ---

[channels.calls]
type = "database"
url = "sqlite:///{channels.CALLS.as_posix()}"
table = "calls"
cursor = "call_id"           # a column that only grows: the next run starts behind it
zone = "Asia/Shanghai"       # its times are local, and state no offset
trust = 1

[channels.calls.mapping]
record_id = "call_id"
name = "customer_name"
gender = "gender"
birth_date = "birth"
id_type = "cert_type"        # words such as {next(iter(calls.ID_TYPES.values()))} are understood without codes
id_number = "cert_no"
phone = "caller"
phone_2 = "contact_phone"
email = "email"
address = "address"
category = "customer_class"
star_level = {{ column = "star", codes = {_codes(calls.STARS)} }}
updated_at = "ended_at"
interaction_kind = {{ value = "call" }}
interaction_at = "started_at"
interaction_ended_at = "ended_at"
interaction_direction = "direction"
interaction_number = "caller"
interaction_reason = "reason_1"
interaction_reason_2 = "reason_2"
interaction_reason_3 = "reason_3"
interaction_verified = "verified"
interaction_agent = "agent_no"
interaction_satisfaction = "satisfaction"

[[channels.calls.rules]]
rule = "required"
columns = ["name", "phone", "id_number"]
any = true

# --- Business halls: files in a drop folder ---

[channels.hall]
type = "files"
path = "{channels.HALL.as_posix()}"
pattern = ["*.csv", "*.xlsx"]  # the encoding is found for each file
trust = 3                    # a clerk has the certificate in hand
zone = "Asia/Shanghai"

[channels.hall.mapping]
record_id = "{hall.HEADS[0]}"
name = "客户姓名"
gender = "性别"
birth_date = "出生日期"
id_type = "证件类型"
id_number = "证件号码"
phone = "联系电话"
phone_2 = "备用电话"
address = "通讯地址"
category = "客户类别"
star_level = "客户星级"
updated_at = "受理时间"
msisdn = "业务号码"          # the number that the visit was about, which need not be one to call
opened_at = "入网日期"       # when the number was opened
plan = "新套餐"
proxy_name = "经办人姓名"
proxy_id_number = "经办人证件号码"
number_state = {{ column = "业务类型", codes = {_codes(hall.STATES)} }}
interaction_kind = {{ value = "visit" }}
interaction_at = "受理时间"
interaction_reason = "业务类型"
interaction_agent = "工号"

[[channels.hall.rules]]
rule = "required"
columns = ["name", "phone", "id_number"]
any = true

[[channels.hall.rules]]
rule = "not_placeholder"
columns = ["updated_at"]

[[channels.hall.rules]]
rule = "not_placeholder"
columns = ["name", "phone", "id_number", "birth_date"]
severity = "warn"

# --- Only for the demo: `kehu run` starts the made-up application server while it works ---

[town]
applications = "{channels.APPLICATIONS.as_posix()}"
port = {port}
"""


def _codes(ours: dict[str, str]) -> str:
    """Our codes and a channel's as an inline table from its to ours."""
    return "{ " + ", ".join(f'"{its}" = "{code}"' for code, its in ours.items()) + " }"
