/* One update, exactly: cl_core.linear.step for one set of numbers. */
window.clStep = (() => {
  "use strict";

  const learnedShare = (m, n) => (m === 0 ? 0 : Math.min(1, n / m));

  function variance(m, n, behind) {
    if (m === 0 || behind === 0) return 0;
    const away = Math.abs(m - n) - 1;
    return away > 0 ? (Math.min(m, n) / away) * behind : Infinity;
  }

  function oneUpdate(m, n, { drift, repairable, gapTrained, gapFrozen, noise }) {
    const share = learnedShare(m, n), added = variance(m, n, gapFrozen + noise ** 2);
    return {
      forgetting: share * (drift - repairable) + added,
      newLoss: gapFrozen + (1 - share) * gapTrained + added,
      norm: share * gapTrained + added,
    };
  }

  return { learnedShare, variance, oneUpdate };
})();
