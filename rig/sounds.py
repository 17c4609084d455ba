"""What citizens and called persons say in the simulated carrier, and tones that tests can find."""

import subprocess
from pathlib import Path

from ivr.prompt_builder import in_one_step, speak

SOUNDS = {
    "citizen": "A lô, tổng đài phải không ạ? Tôi muốn phản ánh, đường trước nhà tôi ngập nước "
    "và đèn đường bị hỏng đã một tuần nay. Nhờ tổng đài chuyển đơn vị xử lý giúp tôi.",
    "person": "A lô, tôi nghe đây. Anh chị cho biết nội dung, tôi sẽ kiểm tra và trả lời "
    "bằng văn bản. Xin cảm ơn.",
}
# Hertz; what tests look for in a recording.
TONES = {"tone-440": 440, "tone-880": 880, "tone-1230": 1230}


def make_sounds(folder: Path) -> None:
    """Speak the carrier's texts and make its tones, once."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in SOUNDS.items():
        path = folder / f"{name}.wav"
        if not path.exists():
            speak(text, "vi-vn-x-south", path)
    for name, hertz in TONES.items():
        path = folder / f"{name}.wav"
        if not path.exists():
            wave = ["synth", "20", "sine", str(hertz), "gain", "-6"]
            with in_one_step(path) as partial:
                made = ["sox", "-n", "-r", "8000", "-b", "16", "-c", "1", str(partial), *wave]
                subprocess.run(made, check=True, capture_output=True)
