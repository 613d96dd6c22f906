"""Verifies what is posted to it by the reference library of Standard Webhooks: 204 when it is good, else 400.

Prints its port. Each line on standard input is the secret to verify by from then on, and is answered by a line; the end
of the input ends the program.
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook

secret = ""


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            Webhook(secret).verify(body, dict(self.headers))
            self.send_response(204)
        except Exception:
            self.send_response(400)
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
for line in sys.stdin:
    secret = line.strip()
    print("expecting", flush=True)
os._exit(0)
