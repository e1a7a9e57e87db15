"""The generic gateways: from a server interface of Python to a shell, without a decision."""
