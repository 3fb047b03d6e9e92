"""Lead scoring on frames: no database, no web, no queue, no vendor.

The public interface, module by module (this file imports none of them, because LightGBM and
scikit-learn are too heavy for a process that only looks at schemas or populations):

* ``schema``: the frames and values that go in (``History``, ``Field``, ``Goal``);
* ``population.population(history, as_of)``: who can be scored, and why the others can't;
* ``train.train(history, goal, as_of=…, seed=…, tenant=…, version=…)``: a ``Training`` with ``bundle``
  and JSON-able ``report``; ``versions.version_for(as_of, existing)`` names it;
* ``bundle.dumps`` and ``bundle.loads``: the model as bytes and back, or ``errors.BundleError``;
* ``predict.score(bundle, history, as_of=…)``: probability, score, tier and reasons a lead;
* ``changes.changed(before, after)``: what moved between two recorded scores; ``whatif.what_if``: what would;
* ``figures.figures(report)``: the report as SVG, with the numbers behind each figure;
* ``cards.card(report)``: the model card, written by ``cards.markdown`` and ``cards.page``;
* ``waterfall.waterfall(base, contributions, title=…)``: one score as SVG;
* ``tiers.Tiers.next``: the band with hysteresis; ``scoremap.ScoreMap``: kept across retrainings.

Everything is a function of its arguments: no clock, no unseeded chance, one thread for LightGBM.
"""
