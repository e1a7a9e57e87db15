"""The conformance application for uWSGI, which looks for an attribute that is there already."""

from tests.conformance.application.wsgi import Application

application = Application("gevent_uwsgi")
