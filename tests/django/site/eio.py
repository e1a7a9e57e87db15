"""Found by `AppConfig.ready`; the tests register what they need themselves."""

FOUND = True
