"""SIP accounts for simulated phones, as text for Asterisk's `pjsip.d`."""


def account(
    user: str,
    password: str,
    *,
    caller_number: str | None = None,
    caller_name: str = "",
    context: str = "hotline",
) -> str:
    """One phone that may register and call.

    Args:
        caller_number: what its calls show as caller id; None leaves it to what the phone says of itself.
        context: where its calls enter the dialplan.
    """
    caller_id = f'callerid = "{caller_name}" <{caller_number}>\n' if caller_number is not None else ""
    return f"""
[{user}]
type = endpoint
identify_by = auth_username,username
context = {context}
disallow = all
allow = ulaw,alaw
aors = {user}
auth = {user}
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
dtmf_mode = rfc4733
rtp_timeout = 60
{caller_id}
[{user}]
type = auth
auth_type = userpass
username = {user}
password = {password}

[{user}]
type = aor
max_contacts = 1
remove_existing = yes
"""
