"""What is tried: hops in front of an origin that records, and origins by themselves.

`@NAME@` in a command, or in a file of Servers/, is replaced: see `Stage.values`.
"""

from dataclasses import dataclass, field
from glob import glob


@dataclass
class Subject:
    name: str
    # What prints the version of each program, somewhere.
    versions: dict[str, list[str]]
    # One for each process; clients talk to the last.
    commands: list[list[str]]
    # Files of Servers/ (or of the system), and where in the work folder each is put.
    files: dict[str, str] = field(default_factory=dict)
    # A line of the configuration.
    option: str = ""
    environment: dict[str, str] = field(default_factory=dict)


def same(*names):
    return {name: name for name in names}


# Hops

RECORDER = [
    *["@FLETCH_TARGET@", "--host", "127.0.0.1", "--port", "@UPSTREAM_PORT@", "--log", "json"],
    *["--delay", "@WORK_MS@ms", "--on-disconnect", "abort", "--body-bytes", "@BODY_BYTES@"],
]


def nginx_command(configuration):
    return ["nginx", "-e", "@WORK@/nginx.error.log", "-c", f"@WORK@/{configuration}"]


def nginx(name, option=""):
    file = "nginx-proxy.conf"
    return Subject(name, {"nginx": ["nginx", "-v"]}, [RECORDER, nginx_command(file)], same(file), option)


def fastcgi(name, option=""):
    # Its name says its version.
    program = next(iter(glob("/usr/sbin/php-fpm*")), "php-fpm")
    versions = {"nginx": ["nginx", "-v"], "PHP": [program, "-v"]}
    php = [program, "--allow-to-run-as-root", "--nodaemonize", "--fpm-config", "@WORK@/php-fpm.conf"]
    files = same("nginx-fastcgi.conf", "php-fpm.conf", "work.php")
    return Subject(name, versions, [php, nginx_command("nginx-fastcgi.conf")], files, option)


def haproxy(name, option=""):
    command = ["haproxy", "-f", "@WORK@/haproxy.cfg"]
    return Subject(name, {"HAProxy": ["haproxy", "-v"]}, [RECORDER, command], same("haproxy.cfg"), option)


def apache():
    command = ["apache2", "-f", "@WORK@/apache.conf", "-D", "FOREGROUND"]
    return Subject("Apache, mod_proxy", {"Apache": ["apache2", "-v"]}, [RECORDER, command], same("apache.conf"))


def caddy():
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", "@WORK@/Caddyfile"]
    return Subject("Caddy", {"Caddy": ["caddy", "version"]}, [RECORDER, command], same("Caddyfile"))


def lighttpd():
    command = ["lighttpd", "-D", "-f", "@WORK@/lighttpd.conf"]
    return Subject("lighttpd, mod_proxy", {"lighttpd": ["lighttpd", "-v"]}, [RECORDER, command], same("lighttpd.conf"))


# Origins

GIVES_UP = {"ORIGIN_GIVES_UP": "1"}


def node(name, **more):
    return Subject(
        name, {"Node": ["node", "--version"]}, [["node", "@WORK@/work.js"]], same("work.js"), **more)


def go(name, **more):
    return Subject(name, {"Go": ["go", "version"]}, [["@BUILD@/go-origin"]], **more)


def starlette(name, **more):
    def version(module):
        return ["/usr/bin/python3", "-c", f"import {module}; print({module}.__version__)"]

    versions = {"uvicorn": version("uvicorn"), "Starlette": version("starlette")}
    command = ["uvicorn", "--host", "0.0.0.0", "--port", "@PORT@", "--app-dir", "@WORK@", "work_asgi:application"]
    return Subject(name, versions, [command], same("work_asgi.py"), **more)


def gunicorn():
    command = ["gunicorn", "--bind", "0.0.0.0:@PORT@", "--chdir", "@WORK@", "work_wsgi:application"]
    return Subject("gunicorn, sync", {"gunicorn": ["gunicorn", "--version"]}, [command], same("work_wsgi.py"))


def puma():
    command = ["puma", "-C", "-", "-b", "tcp://0.0.0.0:@PORT@", "@WORK@/config.ru"]
    return Subject("Puma", {"Puma": ["puma", "--version"]}, [command], same("config.ru"))


def tomcat():
    scripts = "/usr/share/tomcat10/bin/"
    files = {
        "tomcat-server.xml": "conf/server.xml",
        "/etc/tomcat10/web.xml": "conf/web.xml",
        "tomcat-web.xml": "webapps/ROOT/WEB-INF/web.xml",
        "work.jsp": "webapps/ROOT/work.jsp",
    }
    return Subject(
        "Tomcat", {"Tomcat": [scripts + "version.sh"]}, [[scripts + "catalina.sh", "run"]], files,
        environment={"CATALINA_BASE": "@WORK@"})


def php(name, **more):
    command = ["php", "-S", "0.0.0.0:@PORT@", "@WORK@/work.php"]
    return Subject(name, {"PHP": ["php", "-v"]}, [command], same("work.php"), **more)


def hummingbird(name, **more):
    versions = {"Hummingbird": ["cat", "@BUILD@/hummingbird-version"]}
    return Subject(name, versions, [["@BUILD@/hummingbird-origin"]], **more)


SUBJECTS = [
    nginx("nginx, proxy"),
    nginx("nginx, proxy, `proxy_ignore_client_abort on`", "proxy_ignore_client_abort on;"),
    fastcgi("nginx, fastcgi to PHP-FPM"),
    fastcgi("nginx, fastcgi to PHP-FPM, `fastcgi_ignore_client_abort on`", "fastcgi_ignore_client_abort on;"),
    haproxy("HAProxy"),
    haproxy("HAProxy, `option abortonclose`", "option abortonclose"),
    apache(),
    caddy(),
    lighttpd(),
    node("Node `http`"),
    node("Node `http`, gives up on `close`", environment=GIVES_UP),
    go("Go `net/http`, ignores its context"),
    go("Go `net/http`, honours its context", environment=GIVES_UP),
    starlette("uvicorn, Starlette"),
    starlette("uvicorn, Starlette, asks `is_disconnected()`", environment=GIVES_UP),
    gunicorn(),
    puma(),
    tomcat(),
    php("PHP's own server"),
    php("PHP's own server, writes as it works", environment={"ORIGIN_WRITES_EARLY": "1"}),
    hummingbird("Hummingbird"),
    hummingbird("Hummingbird, `consumeWithCancellationOnInboundClose`", environment=GIVES_UP),
]
