"""Chromium without a window, driven by selenium: pages as a reader's browser shows them."""

import json
import shutil
import time

BROWSERS, DRIVERS = ("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)
PATIENCE_S = 20
# elements of a selector below another one, in shadow trees too
DEEP = """
const deep = (root, selector) => [...root.querySelectorAll('*')].flatMap((e) =>
  [...(e.matches(selector) ? [e] : []), ...(e.shadowRoot ? deep(e.shadowRoot, selector) : [])]);
"""
VIEW = """
const view = Bokeh.index.roots.find((v) => v.frame && document.getElementById(arguments[0]).contains(v.el));
"""
# where a point of a chart's data is drawn, in pixels of the window
PLACE = (
    VIEW
    + """
const box = view.canvas_view.el.getBoundingClientRect();
return [box.left + view.frame.x_scale.compute(arguments[1]), box.top + view.frame.y_scale.compute(arguments[2])];
"""
)
# the middle of a button of a chart's toolbar
PRESSED = """
const buttons = deep(document.getElementById(arguments[0]), '.bk-ClickButton');
const button = buttons.find((e) => e.title.startsWith(arguments[1]));
const box = button.getBoundingClientRect();
return [box.left + box.width / 2, box.top + box.height / 2];
"""


def missing():
    """What is not installed, as one line that says how to get it; '' where all is there."""
    lacks = []
    try:
        import selenium  # noqa: F401
    except ImportError:
        lacks.append("selenium: pip install -e '.[browser]'")
    if not any(map(shutil.which, BROWSERS)):
        lacks.append("a browser: apt-get install chromium")
    if not any(map(shutil.which, DRIVERS)):
        lacks.append("its driver: apt-get install chromium-driver")
    return "; ".join(lacks)


class Browser:
    """One window of a width; a narrow one is a phone's, touched with a finger."""

    def __init__(self, width, height=900):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(next(filter(None, map(shutil.which, DRIVERS))))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.width, self.height, self.is_phone = width, height, width < 600
        self.set_height(height)
        if self.is_phone:
            self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def set_height(self, height):
        size = {"width": self.width, "height": height, "deviceScaleFactor": 1, "mobile": self.is_phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def open(self, path):
        """Show a page, wait until its charts are drawn, and return how many there are."""
        self.driver.get_log("performance")
        self.driver.get(path.as_uri())
        return int(self.wait("return document.body.dataset.drawn"))

    def wait(self, script, *arguments):
        """Return the first value of a script that is true, or fail."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            value = self.js(script, *arguments)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"not within {PATIENCE_S} s: {script}")

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def complaints(self):
        """What the console said beyond information."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] not in ("INFO", "DEBUG")]

    def fetched(self):
        """Addresses that were asked for."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        requests = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [url for url in requests if not url.startswith(("data:", "blob:"))]

    def mouse(self, kind, x, y, button="none"):
        event = {"type": kind, "x": x, "y": y, "button": button, "clickCount": int(kind != "mouseMoved")}
        event["buttons"] = 1 if kind != "mouseReleased" and button == "left" else 0
        self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def show(self, chart):
        self.js("document.getElementById(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})", chart)

    def place(self, chart, x, y):
        """Scroll to a chart, and return where a point of its data is."""
        self.show(chart)
        return self.js(PLACE, chart, x, y)

    def until(self, act, script, *arguments):
        """Act, again and again, until a script's value is true, and return it: a busy machine may miss an event."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            act()
            for _ in range(20):
                if value := self.js(script, *arguments):
                    return value
                time.sleep(0.05)
        raise AssertionError(f"not within {PATIENCE_S} s: {script}")

    def hover(self, chart, x, y):
        """Move the pointer onto a point of a chart, and return what is shown there."""

        def move():
            left, top = self.place(chart, x, y)
            self.mouse("mouseMoved", left - 40, top - 5)
            self.mouse("mouseMoved", left, top)

        shown = "return deep(document, '.bk-tooltip-content').map((e) => e.innerText).join('\\n');"
        return self.until(move, DEEP + shown)

    def range(self, chart):
        """The stretch of a chart's x axis that is shown."""
        return self.js(VIEW + "return [view.model.x_range.start, view.model.x_range.end];", chart)

    def drag(self, chart, start, end):
        """Drag from one point of a chart's data to another, and return what its x axis shows then."""
        before = self.range(chart)
        (left, top), (right, low) = self.place(chart, *start), self.place(chart, *end)

        def act():
            self.mouse("mouseMoved", left, top)
            self.mouse("mousePressed", left, top, "left")
            for step in range(1, 6):
                self.mouse("mouseMoved", left + (right - left) * step / 5, top + (low - top) * step / 5, "left")
            self.mouse("mouseReleased", right, low, "left")

        moved = VIEW + "return view.model.x_range.start !== arguments[1] || view.model.x_range.end !== arguments[2];"
        self.until(act, moved, chart, *before)
        return self.range(chart)

    def click_at(self, left, top):
        self.mouse("mouseMoved", left, top)
        self.mouse("mousePressed", left, top, "left")
        self.mouse("mouseReleased", left, top, "left")

    def click(self, chart, x, y, script):
        """Click a point of a chart until a script's value is true, and return it."""
        return self.until(lambda: self.click_at(*self.place(chart, x, y)), script)

    def press(self, chart, title):
        """Press a button of a chart's toolbar, and return what its x axis shows then."""
        before = self.range(chart)

        def act():
            self.show(chart)
            box = self.js(DEEP + PRESSED, chart, title)
            self.click_at(*box)

        moved = VIEW + "return view.model.x_range.start !== arguments[1] || view.model.x_range.end !== arguments[2];"
        self.until(act, moved, chart, *before)
        return self.range(chart)

    def screenshot(self, path):
        """Write a picture of the whole page, 6,000 pixels of it at most."""
        self.set_height(min(6000, self.js("return document.documentElement.scrollHeight")))
        time.sleep(0.5)
        self.driver.save_screenshot(str(path))
        self.set_height(self.height)

    def close(self):
        self.driver.quit()
