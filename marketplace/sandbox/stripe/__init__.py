"""A payment sandbox: a process that speaks Stripe's HTTP API on this machine.

Point any product that uses Stripe's own libraries at it and pay with Stripe's test cards, with no
account, no network and no mock inside the product::

    python -m marketplace.sandbox.stripe --port 12111 --state /tmp/payments \\
        --webhook-url http://127.0.0.1:8000/webhook --webhook-secret whsec_sandbox \\
        --secret-key sk_test_sandbox --publishable-key pk_test_sandbox

    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": "http://127.0.0.1:12111"})

In pages, load ``http://127.0.0.1:12111/v3/stripe.js`` instead of Stripe's script. Look at what
happened, authenticate, dispute and break things at ``http://127.0.0.1:12111/_sandbox/``.

The package imports nothing of the product around it: only the standard library, and the text of the
installed ``stripe`` package's parameter types. ``docs/payment-sandbox.md`` says what is covered, what is
not, which cards do what, and how faults are switched on.
"""
