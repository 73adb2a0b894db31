"""The worker as a command of Flask-Script, which is no longer kept up: use `signalbox worker` or a launch script."""

try:
    from flask_script import Command
except ImportError as error:
    raise ModuleNotFoundError("This needs the package Flask-Script.", name="flask_script") from error


class TaskTigerCommand(Command):
    """Run a TaskTiger worker"""

    capture_all_args = True
    help_args = ()  # --help is passed on like every other option
    help = "Run a TaskTiger worker"

    def __init__(self, tiger):
        super().__init__()
        self.tiger = tiger

    def run(self, args):
        self.tiger.run_worker_with_args(args)
