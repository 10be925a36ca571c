"""The columns that may hold a person, and the tables that hold nobody: the two are all tables with texts."""

from typing import Final

# Columns that hold the person of tests/engine/consent/test_erase_everywhere.py. All other tables are in FREE.
FILLED: Final = {
    "contacts_consentevent": {"address", "source"},
    "contacts_contact": {"external_id", "email", "phone", "first_name", "last_name", "title", "embedded_data"},
    "contacts_formeraddress": {"address"},
    "contacts_mailinglist": {"name"},
    "contacts_suppression": {"address", "source"},
    "channels_pace": {"broken_because"},
    "channels_refusedsender": {"because"},
    "channels_sandboxmessage": {"to", "to_name", "text", "html"},
    "distributor_attempt": {"detail", "piped_values"},
    "distributor_batch": {"last_error"},
    "distributor_decision": {"detail"},
    "distributor_distribution": {"name"},
    "distributor_eventdelivery": {"answer"},
    "distributor_expansion": {"embedded_data"},
    "distributor_idempotencykey": {"key", "body"},
    "distributor_providerevent": {"address", "detail", "raw"},
    "distributor_recipient": {"attributes", "wording"},
    "distributor_response": {"answers", "attributes"},
    "distributor_step": {"subject"},
    "django_admin_log": {"object_repr", "change_message"},
}
# Tables with texts that are about no recipient: operators, settings, and what was sent to everybody.
FREE: Final = {
    *("auth_group", "auth_permission", "auth_user", "django_content_type", "django_session"),
    *("contacts_apikey", "contacts_organization", "contacts_branding"),
    "contacts_erasedaddress",  # keyed hashes
    *("channels_provideraccount", "channels_template", "channels_templatevariant", "channels_templateversion"),
    "channels_kepttext",  # of sends with texts of their own: tests/engine/consent/test_erase_sends.py
    "distributor_openlink",  # codes of links that are nobody's
    *("distributor_survey", "distributor_listconnection", "distributor_recurringdistribution"),
    *("distributor_followup", "distributor_handover", "distributor_manualretry"),  # ids, and errors of a chunk
    *("distributor_heartbeat", "distributor_installation", "distributor_machinevisits", "distributor_occurrence"),
    *("distributor_minutecount", "distributor_metrictotal"),  # channels
    *("distributor_eventbundle", "distributor_eventendpoint", "distributor_eventreplay"),  # ids, types and settings
    *("distributor_retentionrun", "distributor_auditentry", "distributor_dailyuse"),
    # Erased with their files: tests/engine/imports/test_import.py and tests/engine/exports.
    *("distributor_fileimport", "distributor_importfilechunk", "distributor_importpiece", "distributor_importfault"),
    *("distributor_export", "distributor_exportpart"),
    "channels_accountscore",  # countries and mail domains
    *("contacts_organizationmember", "axes_accessattempt", "axes_accessfailurelog", "axes_accesslog"),
    *("otp_static_staticdevice", "otp_static_statictoken", "otp_totp_totpdevice"),
    *(f"django_otp_webauthn_webauthn{name}" for name in ("attestation", "credential", "userhandle")),
}
