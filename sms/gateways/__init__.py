"""The gateways: each hands a message over and says how that went."""

from sms.gateways.base import Gateway
from sms.gateways.http import HttpGateway
from sms.gateways.kannel import Kannel
from sms.gateways.log import LogGateway
from sms.gateways.mail import FolderMail, SmtpMail
from sms.gateways.smpp import Smpp
from tongdai.settings import MailTable, Settings, SmsGatewayTable


def build(settings: Settings) -> tuple[Gateway, ...]:
    """Make the SMS gateways of the settings, in the file's order."""
    return tuple(gateway_of(table) for table in settings.sms.gateway)


def build_mail(table: MailTable) -> Gateway:
    """Make what letters go through: a folder (development) or an SMTP server."""
    return FolderMail(table) if table.kind == "folder" else SmtpMail(table)


def gateway_of(table: SmsGatewayTable) -> Gateway:
    """Make one gateway of its table."""
    match table.kind:
        case "kannel":
            return Kannel(table)
        case "http":
            return HttpGateway(table)
        case "smpp":
            return Smpp(table)
        case "log":
            return LogGateway(table)
