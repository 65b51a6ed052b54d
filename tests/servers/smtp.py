#!/usr/bin/env python3
"""A real mail server (aiosmtpd) on a free port of loopback, for tests: smtp.py FOLDER CERT KEY [option...]

Prints its port, then keeps each mail as FOLDER/N.eml with FOLDER/N.json, which says how it came (from, to, tls, user) and what
Python's own mail parser makes of it (subject, id, text, html, headers, defects). Ends when its standard input closes. Exit 77
where aiosmtpd is not installed.

--no-tls            offers no STARTTLS
--login USER:WORD   demands this login
--refuse ADDRESS    answers 550 for this recipient
--later ADDRESS     answers 451 for this recipient"""
import argparse
import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):  # Debian's, which has its packages
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("python3-aiosmtpd is not installed", file=sys.stderr)
    sys.exit(77)

args = argparse.ArgumentParser()
args.add_argument("folder")
args.add_argument("cert")
args.add_argument("key")
args.add_argument("--no-tls", action="store_true")
args.add_argument("--login")
args.add_argument("--refuse")
args.add_argument("--later")
options = args.parse_args()


def body(message, kind):
    part = message.get_body((kind,))
    return part.get_content() if part else None


class Keep:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address == options.refuse:
            return "550 5.1.1 nobody of that name here"
        if address == options.later:
            return "451 4.3.0 come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        raw = envelope.original_content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        defects = [repr(d) for part in message.walk() for d in part.defects]
        defects += [repr(d) for value in message.values() for d in getattr(value, "defects", [])]
        said = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None, "user": session.auth_data,
                "subject": str(message["subject"]), "id": str(message["message-id"]), "date": str(message["date"]),
                "text": body(message, "plain"), "html": body(message, "html"), "headers": message.keys(), "defects": defects,
                "longest": max(len(line) for line in raw.split(b"\r\n"))}
        path = os.path.join(options.folder, str(Keep.count))
        with open(path + ".eml", "wb") as f:
            f.write(raw)
        with open(path + ".tmp", "w", encoding="utf-8") as f:
            json.dump(said, f)
        os.rename(path + ".tmp", path + ".json")  # whole when it is seen
        return f"250 2.0.0 kept as {Keep.count}"


def login(server, session, envelope, mechanism, data):
    user = data.login.decode() + ":" + data.password.decode()
    return AuthResult(success=user == options.login, handled=False, auth_data=data.login.decode())


async def main():
    context = None
    if not options.no_tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    loop = asyncio.get_running_loop()

    def session():
        return SMTP(Keep(), hostname="localhost", tls_context=context, require_starttls=context is not None, loop=loop,
                    authenticator=login if options.login else None, auth_required=bool(options.login))

    server = await loop.create_server(session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    os._exit(0)


asyncio.run(main())
