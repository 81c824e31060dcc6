// Tries camera, microphone and speakers before a session. Nothing is recorded, nothing is sent.
import { fresh } from "./dom.js";

const WORDS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", NotReadableError: "busy", AbortError: "busy" };

async function open() {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotSupportedError");
  const ask = (what) => navigator.mediaDevices.getUserMedia(what);
  try {
    return await ask({ video: true, audio: true });
  } catch (error) {
    if (error.name !== "NotFoundError") throw error;
  }
  // One of the two is missing: which?
  return ask({ audio: true }).catch((error) => {
    if (error.name === "NotFoundError") return ask({ video: true });
    throw error;
  });
}

export function attach(root) {
  for (const box of fresh(root, "[data-devices]")) {
    const part = (name) => box.querySelector(`[data-devices-${name}]`);
    const say = (...words) => { for (const line of box.querySelectorAll("[data-word]")) line.hidden = !words.includes(line.dataset.word); };
    const level = part("level").querySelector("meter");
    let stream, sound, frame;

    const stop = () => {
      cancelAnimationFrame(frame);
      for (const track of stream?.getTracks() ?? []) track.stop();
      sound?.close();
      stream = sound = part("picture").srcObject = null;
      part("picture").hidden = part("level").hidden = part("stop").hidden = true;
    };

    const listen = () => {
      sound = new AudioContext();
      const analyser = sound.createAnalyser();
      const samples = new Float32Array(analyser.fftSize);
      sound.createMediaStreamSource(stream).connect(analyser);
      const draw = () => {
        analyser.getFloatTimeDomainData(samples);
        level.value = Math.min(100, 300 * Math.max(...samples.map(Math.abs)));
        frame = requestAnimationFrame(draw);
      };
      draw();
    };

    for (const name of ["start", "sound"]) part(name).disabled = false; // pressed before this ran they would do nothing
    part("start").addEventListener("click", async () => {
      stop();
      say();
      try {
        stream = await open();
      } catch (error) {
        return say(WORDS[error.name] ?? "unsupported");
      }
      const [camera, microphone] = [stream.getVideoTracks().length, stream.getAudioTracks().length];
      part("stop").hidden = false;
      part("picture").hidden = !camera;
      part("level").hidden = !microphone;
      if (camera) {
        part("picture").srcObject = stream;
        part("picture").play().catch(() => {});
      }
      if (microphone) listen();
      say(camera && microphone ? "both" : camera ? "no-microphone" : "no-camera");
    });
    part("stop").addEventListener("click", () => { stop(); say(); part("start").focus(); });
    part("sound").addEventListener("click", () => {
      try {
        const speaker = new AudioContext();
        const tone = speaker.createOscillator();
        const volume = speaker.createGain();
        volume.gain.setValueAtTime(0.2, speaker.currentTime);
        volume.gain.exponentialRampToValueAtTime(0.001, speaker.currentTime + 1);
        tone.connect(volume).connect(speaker.destination);
        tone.addEventListener("ended", () => speaker.close());
        tone.start();
        tone.stop(speaker.currentTime + 1);
        say("sound");
      } catch {
        say("silent");
      }
    });
    // The room wants the camera for itself.
    for (const link of document.querySelectorAll("[data-devices-leave]")) link.addEventListener("click", stop);
    addEventListener("pagehide", stop);
  }
}
