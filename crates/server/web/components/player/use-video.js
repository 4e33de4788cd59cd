import { STILL } from '../../lib/clockwork.js';
import { connection } from '../../lib/connection.js';
import { useEffect, useRef, useState } from '../../lib/html.js';
import { frameAt, middleOf } from '../../lib/motion.js';
import { offlineProblem, problemOf } from '../../lib/problem.js';
import { isOpen, useReopening } from '../../lib/reopening.js';
import { soundOn } from '../../lib/settings.js';
import { hasSound } from '../../lib/sound.js';

export const SPEEDS = [0.25, 0.5, 1, 2, 4];

/**
 * A native video under our own controls. Opening the page was the tap, so it plays at once, unless the viewer wants no motion.
 * @param {{id: string, src: string | null, frames: number, nominal: number, startAt: number | null}} clip `nominal`: seconds until the video says its own length
 */
export function useVideo({ id, src, frames, nominal, startAt }) {
  const element = useRef(null);
  const [state, setState] = useState({ id, at: startAt ?? 0, length: nominal, playing: false, waiting: true, problem: null, round: 0, ended: false, sound: null });
  const [speed, setSpeed] = useState(1);
  const [muted, setMuted] = useState(!soundOn.get());
  const change = (next) => setState((was) => ({ ...was, ...next }));

  useEffect(() => {
    change({ id, at: startAt ?? 0, length: nominal, playing: false, waiting: true, problem: null, ended: false, sound: null });
  }, [id]);

  useEffect(() => {
    const video = element.current;
    if (!video || !src) return undefined;
    let frame = 0;
    const mute = (quiet) => {
      video.muted = quiet;
      setMuted(quiet);
    };
    // A browser may refuse to play aloud what nobody has touched; it then plays without sound.
    const begin = () => video.play().catch((error) => {
      if (error?.name !== 'NotAllowedError' || video.muted) return;
      mute(true);
      video.play().catch(() => {});
    });
    const listen = () => setState((was) => (was.sound === null && hasSound(video) !== null ? { ...was, sound: hasSound(video) } : was));
    const follow = () => {
      change({ at: video.currentTime });
      listen();
      frame = requestAnimationFrame(follow);
    };
    const listeners = {
      loadedmetadata: () => {
        change({ length: Number.isFinite(video.duration) && video.duration > 0 ? video.duration : nominal });
        video.playbackRate = speed;
        if (startAt) video.currentTime = startAt;
        mute(!soundOn.get());
        if (!startAt && !window.matchMedia(STILL).matches) begin();
      },
      loadeddata: () => {
        change({ waiting: false });
        listen();
      },
      playing: () => change({ playing: true, waiting: false, ended: false }),
      play: () => {
        cancelAnimationFrame(frame);
        frame = requestAnimationFrame(follow);
        change({ playing: true });
      },
      pause: () => {
        cancelAnimationFrame(frame);
        change({ playing: false, at: video.currentTime });
      },
      ended: () => change({ playing: false, ended: true }),
      seeked: () => change({ at: video.currentTime, waiting: false, ended: false }),
      waiting: () => change({ waiting: true }),
      canplay: () => change({ waiting: false }),
      error: async () => change({ problem: await reasonOf(src, video.error), playing: false, waiting: false }),
    };
    for (const [name, listener] of Object.entries(listeners)) video.addEventListener(name, listener);
    video.src = src;
    video.load();
    return () => {
      cancelAnimationFrame(frame);
      for (const [name, listener] of Object.entries(listeners)) video.removeEventListener(name, listener);
      // Ends the download; an element without a source would report an error of its own.
      video.pause();
      video.removeAttribute('src');
      video.load();
    };
  }, [src, state.round]);

  useEffect(() => {
    if (!state.problem?.busy) return undefined;
    const timer = setTimeout(() => setState((was) => ({ ...was, problem: null, round: was.round + 1 })), (state.problem.retryAfter || 5) * 1000);
    return () => clearTimeout(timer);
  }, [state.problem]);

  const retry = () => setState((was) => ({ ...was, problem: null, waiting: true, round: was.round + 1 }));
  const look = async () => {
    if (src && await isOpen(src)) retry();
  };
  useReopening({ locked: Boolean(state.problem?.lockedDown), look });

  const seek = (seconds) => {
    const video = element.current;
    if (!video?.duration) return;
    const to = Math.min(video.duration, Math.max(0, seconds));
    video.currentTime = to;
    change({ at: to, ended: false });
  };
  return {
    element,
    ...state,
    speed,
    muted,
    frame: frameAt(state.at, frames, state.length),
    toggle: () => {
      const video = element.current;
      if (!video?.src) return;
      if (video.paused) video.play().catch(() => {});
      else video.pause();
    },
    seek,
    step: (by) => {
      element.current?.pause();
      seek(middleOf(frameAt(element.current?.currentTime ?? 0, frames, state.length) + by, frames, state.length));
    },
    setSpeed: (value) => {
      setSpeed(value);
      if (element.current) element.current.playbackRate = value;
    },
    toggleMuted: () => {
      if (!element.current) return;
      element.current.muted = !element.current.muted;
      setMuted(element.current.muted);
      soundOn.set(!element.current.muted);
    },
    retry,
  };
}

/** A video element says little about why it failed; one small range request says more. */
async function reasonOf(src, error) {
  try {
    const response = await fetch(src, { headers: { Range: 'bytes=0-0' }, credentials: 'same-origin', cache: 'no-store' });
    if (!response.ok) return await problemOf(response);
  } catch {
    connection.lost();
    return offlineProblem();
  }
  return { codec: error?.code === 4 || error?.code === 3 };
}
