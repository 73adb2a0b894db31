"""What secrets look like, by the shape that finds them; none of them is one."""

LETTERS = "aB3xY7zQ9wE2rT5yU8iO1pL4kJ6hG0fDsA7c"

SECRETS = {
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIB4aBcD\n-----END RSA PRIVATE KEY-----",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjNryP4J3jVmNHl0w5N",
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "token of GitHub": f"ghp_{LETTERS}",
    "fine-grained token of GitHub": f"github_pat_11ABCDE0Y0_{LETTERS}",
    "key of Stripe": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "key of OpenAI": f"sk-proj-{LETTERS}",
    "token of Slack": "xoxb-123456789012-abcdefGHIJKLmnopqrst",
    "key of Google": f"AIzaSy{LETTERS}",
    "Bearer": f"Bearer {LETTERS}",
    "Basic": f"BASIC {LETTERS}",
    "address": f"amqp://app:{LETTERS}@db",
}
