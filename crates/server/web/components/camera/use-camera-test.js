import { announce } from '../../lib/announce.js';
import { api } from '../../lib/api.js';
import { useEffect, useRef, useState } from '../../lib/html.js';

const POLL_MS = 500;

/**
 * A live test or look, from its start to its end. What was left undone is taken back when the page closes.
 * @param {string} home
 * @param {{passed: string, failed: string}} [words] what is announced at its end
 */
export function useCameraTest(home, words = { passed: 'Test passed', failed: 'Test failed' }) {
  const [state, setState] = useState({ test: null, problem: null, starting: false });
  const timer = useRef(0);
  const open = useRef(null);
  const round = useRef(0);

  const forget = () => {
    clearTimeout(timer.current);
    round.current += 1;
    if (open.current) api('DELETE', `/camera-tests/${open.current}`).catch(() => {});
    open.current = null;
  };
  useEffect(() => forget, []);

  const follow = (id, mine, misses = 0) => {
    timer.current = setTimeout(async () => {
      try {
        const test = await api('GET', `/camera-tests/${id}`);
        if (mine !== round.current) return;
        setState({ test, problem: null, starting: false });
        if (test.state === 'waiting' || test.state === 'running') follow(id, mine);
        else announce(test.state === 'passed' ? words.passed : words.failed);
      } catch (problem) {
        if (mine !== round.current) return;
        if ((problem.offline || problem.busy) && misses < 30) follow(id, mine, misses + 1);
        else setState((was) => ({ ...was, problem, starting: false }));
      }
    }, POLL_MS);
  };

  const start = async (body) => {
    forget();
    const mine = round.current;
    setState({ test: null, problem: null, starting: true });
    try {
      const test = await api('POST', `/homes/${home}/camera-tests`, { body });
      if (mine !== round.current) {
        // Taken back while it was being made.
        api('DELETE', `/camera-tests/${test.id}`).catch(() => {});
        return;
      }
      open.current = test.id;
      setState({ test, problem: null, starting: false });
      follow(test.id, mine);
    } catch (problem) {
      if (mine === round.current) setState({ test: null, problem, starting: false });
    }
  };
  /** Keeps what was tested. @param {string} name @returns {Promise<any>} the camera */
  const confirm = async (name, more = {}) => {
    const camera = await api('POST', `/camera-tests/${open.current}/confirm`, { body: { name, ...more } });
    clearTimeout(timer.current);
    open.current = null;
    return camera;
  };
  const clear = () => {
    forget();
    setState({ test: null, problem: null, starting: false });
  };
  return { ...state, start, confirm, clear };
}
