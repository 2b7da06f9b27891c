"""An observer that watches the working directory."""
import watchdog.events
import watchdog.observers

observer = watchdog.observers.Observer()
observer.schedule(watchdog.events.FileSystemEventHandler(), ".")
observer.start()
