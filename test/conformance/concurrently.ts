/** Runs tasks a few at a time, in their order; the first alone, so that compiling does not slow the others' clocks. */

/** Enough to overlap the waiting that timeouts are, few enough that one core keeps up with what is under way. */
export const AT_ONCE = 12;

/** @returns each task's result, which may still be to come. */
export const startAll = <Task, Result>(
  tasks: readonly Task[],
  run: (task: Task) => Promise<Result>,
): ReadonlyMap<Task, Promise<Result>> => {
  const waiting: (() => void)[] = [];
  let running = 0;
  let limit = 1;
  const begin = (): Promise<void> => {
    if (running < limit) {
      running++;
      return Promise.resolve();
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    limit = AT_ONCE;
    running--;
    for (; running < limit && waiting.length > 0; running++) waiting.shift()!();
  };
  return new Map(
    tasks.map((task) => {
      const result = begin()
        .then(() => run(task))
        .finally(leave);
      // Whoever asks for it sees the error; until then nobody has missed it.
      result.catch(() => {});
      return [task, result];
    }),
  );
};
