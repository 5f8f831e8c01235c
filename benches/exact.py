#!/usr/bin/env python3
"""Plans beside an exact solver, on made-up captures.

    pip install ortools
    cargo build --release
    python3 benches/exact.py [--count 90] [--seed 1] [--limit SECONDS] [--only FAMILY] [--keep DIR]

Each capture is one view of a cluster that this script makes up; it is planned by the program, and
solved level by level by OR-tools CP-SAT on a model that is written down here once more, from what
the script knows of the cluster. Nothing is shared with the program but the order of levels.

Printed: by family how many plans are worse than the solver's, how many proofs are false, how many
levels are unproven, and how much faster the plan was (the whole program, reading included).
Exit 1 if a plan is worse or a proof false.
"""
import argparse
import collections
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time

from ortools.sat.python import cp_model

FAMILIES = ["replaced", "orphans", "mixed", "skew", "tight", "zones", "two", "surplus", "moves"]
# Of these, too, with --only: a host was lost, its masters failed over, and it came back blank; and large
# clusters with two replicas each. Copies lie at random.
MORE = ["lost", "wide"]
# The order of levels; orphans and beside are not printed.
LEVELS = ["protect", "orphans", "missing", "same-host", "moves", "same-zone", "beside", "votes-host",
          "votes-zone", "over-host", "over-zone", "tidy", "surplus", "sync-mib", "failovers", "actions"]


class Cluster:
    """Who is where: shards as lists of hosts, the owner's first, and spares by host."""

    def __init__(self, family, rnd):
        self.family = family
        if family in MORE:
            return self.scatter(rnd)
        nodes = rnd.choice([rnd.randint(12, 40), rnd.randint(30, 120), rnd.randint(100, 300)])
        self.want = 2 if family == "two" else rnd.choice([1, 1, 1, 2])
        self.hosts = rnd.randint(3, min(60, max(3, nodes // 2)))
        zones = rnd.randint(2, 5) if family == "zones" else rnd.randint(1, 4)
        self.zone = [h % min(zones, self.hosts) for h in range(self.hosts)]
        self.moves = family == "moves"
        self.shards = max(3, nodes // (self.want + 1))
        self.copies, self.spares = [], [0] * self.hosts
        for shard in range(self.shards):
            owner = shard % self.hosts
            turn = shard // self.hosts % max(1, self.hosts - self.want)
            self.copies.append([owner] + [(owner + 1 + turn + r) % self.hosts for r in range(self.want)])
        lost = set(rnd.sample(range(self.hosts), max(1, self.hosts // rnd.choice([4, 6, 10]))))
        if family in ("replaced", "mixed", "zones", "two", "surplus", "moves"):
            self.blank(lambda shard, host: host in lost)
        if family in ("orphans", "tight"):
            share = rnd.choice([0.1, 0.4, 1.0])
            self.blank(lambda shard, host: host != self.copies[shard][0] and rnd.random() < share)
        if family in ("skew", "mixed"):
            crowd = rnd.randint(1, max(1, self.hosts // 3))
            for list_ in self.copies:
                if len(list_) > 1 and list_[1] < crowd <= list_[0]:
                    list_[0], list_[1] = list_[1], list_[0]
        if family == "tight":
            few, total = rnd.sample(range(self.hosts), max(1, self.hosts // 3)), sum(self.spares)
            self.spares = [0] * self.hosts
            for _ in range(int(total * rnd.choice([0.6, 1.0]))):
                self.spares[rnd.choice(few)] += 1
        if family in ("surplus", "moves"):
            for _ in range(rnd.randint(1, max(1, nodes // 8))):
                self.spares[rnd.randrange(self.hosts)] += 1
        if family == "moves" and rnd.random() < 0.5:
            for list_ in rnd.sample(self.copies, max(1, self.shards // 5)):
                if len(list_) > 1:
                    list_[1] = list_[0]

    def scatter(self, rnd):
        lost_family = self.family == "lost"
        nodes = rnd.randint(60, 140) if lost_family else rnd.randint(200, 330)
        self.hosts = rnd.randint(4, 8) if lost_family else rnd.randint(9, 60)
        self.want = rnd.choice([1, 1, 2]) if lost_family else 2
        zones = rnd.randint(1, 3)
        self.zone = [h % zones for h in range(self.hosts)]
        self.moves = False
        self.shards = nodes // (self.want + 1)
        self.copies, self.spares = [], [0] * self.hosts
        load = [0] * self.hosts
        for shard in range(self.shards):
            order = sorted(range(self.hosts), key=lambda h: (load[h] + rnd.choice([0, 0, 1, 3]), rnd.random()))
            self.copies.append(order[:self.want + 1])
            for host in order[:self.want + 1]:
                load[host] += 1
            rnd.shuffle(self.copies[-1])
        if rnd.random() < 0.4:
            # Masters as even as they come, before anything is lost.
            masters = [0] * self.hosts
            for list_ in self.copies:
                list_.sort(key=lambda h: masters[h])
                masters[list_[0]] += 1
        lost = set(rnd.sample(range(self.hosts), 1 if lost_family else rnd.randint(0, self.hosts // 6)))
        self.blank(lambda shard, host: host in lost)
        for host in lost if rnd.random() < 0.4 else ():
            # The new machine is larger or smaller than the old one.
            self.spares[host] = max(0, self.spares[host] + rnd.randint(-4, 4))

    def blank(self, test):
        """Copies for which `test` holds came back without data; a replica took over for a master."""
        for shard, list_ in enumerate(self.copies):
            kept = [h for h in list_ if not test(shard, h)] or list_[:1]
            for host in list_:
                if kept.count(host) < list_.count(host):
                    self.spares[host] += 1
            self.copies[shard] = kept

    def write(self, folder):
        port, lines = [7000] * self.hosts, []

        def node(host, flags, master, epoch, slots):
            name = hashlib.sha1(b"%d:%d" % (host, port[host])).hexdigest()
            me = "myself," if not lines else ""
            address = "10.0.%d.1:%d@%d" % (host, port[host], port[host] + 10000)
            port[host] += 1
            lines.append(f"{name} {address} {me}{flags} {master} 0 1790000000000 {epoch} connected{slots}\n")
            return name

        for shard, list_ in enumerate(self.copies):
            low, high = shard * 16384 // self.shards, (shard + 1) * 16384 // self.shards - 1
            owner = node(list_[0], "master", "-", shard + 1, f" {low}-{high}")
            for host in list_[1:]:
                node(host, "slave", owner, shard + 1, "")
        for host, count in enumerate(self.spares):
            for _ in range(count):
                node(host, "master", "-", 0, "")
        os.makedirs(folder, exist_ok=True)
        with open(folder + "/cluster-nodes.txt", "w") as out:
            out.writelines(lines)
        with open(folder + "/hosts.csv", "w") as out:
            out.write("host,ip,zone\n")
            out.writelines(f"h{h},10.0.{h}.1,z{z}\n" for h, z in enumerate(self.zone))
        with open(folder + "/policy.toml", "w") as out:
            out.write(f"replicas = {self.want}\n")


class Model:
    """One decision, and the terms of every level. `moves`: None, "counted" or "free"."""

    def __init__(self, cluster, moves):
        self.model = model = cp_model.CpModel()
        self.terms = {level: [] for level in LEVELS}
        self.fixed = collections.Counter()
        shards, hosts = range(cluster.shards), range(cluster.hosts)
        pools = [h for h in hosts if cluster.spares[h]]
        comes = {(s, h): model.new_int_var(0, cluster.spares[h], "") for s in shards for h in pools}
        stays, arrives = {}, {}
        for s in shards:
            for r in range(1, len(cluster.copies[s])):
                stays[s, r] = model.new_bool_var("") if moves else 1
        if moves:
            sources = sorted({cluster.copies[s][r] for s, r in stays})
            arrives = {(s, h): model.new_int_var(0, cluster.shards, "") for s in shards for h in sources}
            for h in sources:
                left = sum(1 - v for (s, r), v in stays.items() if cluster.copies[s][r] == h)
                model.add(sum(arrives[s, h] for s in shards) == left)
        for h in pools:
            model.add(sum(comes[s, h] for s in shards) <= cluster.spares[h])
        used = sum(comes.values()) if comes else 0
        self.terms["tidy"].append(sum(cluster.spares) - used)
        self.terms["actions"].append(used)
        leads = {h: [] for h in hosts}
        live = sum(1 for h in hosts if cluster.spares[h] or any(h in list_ for list_ in cluster.copies))
        zones_in_use = len({cluster.zone[h] for h in hosts
                            if cluster.spares[h] or any(h in list_ for list_ in cluster.copies)})
        for s in shards:
            self.shard(cluster, s, comes, stays, arrives, leads, zones_in_use, moves)
        votes = cluster.shards - (cluster.shards // 2 + 1)
        self.loads("host", votes, -(-cluster.shards // live), leads.values())
        if zones_in_use > 1:
            zones = {}
            for h in hosts:
                zones.setdefault(cluster.zone[h], []).extend(leads[h])
            self.loads("zone", votes, -(-cluster.shards // zones_in_use), zones.values())

    def above(self, expression, most):
        """max(0, expression), as it is minimised."""
        over = self.model.new_int_var(0, most, "")
        self.model.add(over >= expression)
        return over

    def loads(self, tier, votes, share, groups):
        for leaders in groups:
            if len(leaders) > votes:
                self.terms["votes-" + tier].append(self.above(sum(leaders) - votes, len(leaders)))
            if len(leaders) > share:
                self.terms["over-" + tier].append(self.above(sum(leaders) - share, len(leaders)))

    def shard(self, cluster, s, comes, stays, arrives, leads, zones_in_use, moves):
        model, terms, here = self.model, self.terms, cluster.copies[s]
        pools = [h for t, h in comes if t == s]
        movers = [h for t, h in arrives if t == s]
        at = {}
        for r, h in enumerate(here):
            at.setdefault(h, []).append(1 if r == 0 else stays[s, r])
        for h in pools:
            at.setdefault(h, []).append(comes[s, h])
        for h in movers:
            at.setdefault(h, []).append(arrives[s, h])
        total = sum(sum(list_) for list_ in at.values())
        most = len(here) + sum(cluster.spares) + (len(stays) if moves else 0)
        # Distinct hosts and zones.
        on, in_zone = {}, {}
        for h, list_ in at.items():
            on[h] = model.new_bool_var("")
            model.add(on[h] <= sum(list_))
            in_zone.setdefault(cluster.zone[h], []).append(on[h])
        terms["same-host"].append(total - sum(on.values()))
        if zones_in_use > 1:
            distinct = []
            for list_ in in_zone.values():
                distinct.append(model.new_bool_var(""))
                model.add(distinct[-1] <= sum(list_))
            forced = model.new_int_var(0, most, "")
            model.add_max_equality(forced, [0, total - zones_in_use])
            terms["same-zone"].append(total - sum(distinct) - forced)
        apart = [v for h, v in on.items() if h != here[0]]
        bare = model.new_bool_var("")
        model.add(bare + sum(apart) >= 1)
        terms["protect"].append(bare)
        replicas = total - 1
        none = model.new_bool_var("")
        model.add(none + replicas >= 1)
        terms["orphans"].append(none)
        terms["missing"].append(self.above(cluster.want - replicas, cluster.want))
        if moves != "free":
            enough, tops = max(cluster.want, len(here) - 1, 1), []
            for extra in range(enough, most):
                tops.append(model.new_bool_var(""))
                terms["surplus"].append(extra * tops[-1])
                if extra - enough > 6:
                    break
            model.add(replicas <= enough + sum(tops))
        come = sum(comes[s, h] for h in pools) + sum(arrives[s, h] for h in movers)
        terms["sync-mib"].append(come)
        for t, r in stays:
            if t == s and moves:
                terms["actions"].append(1 - stays[s, r])
                if moves == "counted":
                    terms["moves"].append(1 - stays[s, r])
        self.leader(cluster, s, at, comes, stays, arrives, leads, pools, movers, most)

    def leader(self, cluster, s, at, comes, stays, arrives, leads, pools, movers, most):
        model, here = self.model, cluster.copies[s]
        room = here.count(here[0])
        owner = model.new_bool_var("")
        leads[here[0]].append(owner)
        all_ = [owner]

        def may_lead(host, count, counted):
            leader = model.new_bool_var("")
            model.add(leader <= count)
            all_.append(leader)
            leads[host].append(leader)
            self.terms["failovers"].append(leader)
            self.terms["actions"].append(leader)
            if counted:
                beside = model.new_int_var(0, most, "")
                model.add(beside >= sum(at[host]) - room).only_enforce_if(leader)
                self.terms["beside"].append(beside)

        for r in range(1, len(here)):
            may_lead(here[r], stays[s, r], True)
        for h in pools:
            may_lead(h, comes[s, h], True)
        for h in movers:
            may_lead(h, arrives[s, h], True)
        model.add_exactly_one(all_)

    def solve(self, limit):
        """Level by level: value, bound; the bound is the value where it is proven."""
        answer, open_, hint = {}, False, None
        for level in LEVELS:
            total = sum(self.terms[level])
            if not self.terms[level]:
                answer[level] = (0, 0)
                continue
            self.model.minimize(total)
            solver = cp_model.CpSolver()
            solver.parameters.max_time_in_seconds = limit
            solver.parameters.num_workers = 2
            if hint:
                self.model.clear_hints()
                for index, value in enumerate(hint):
                    self.model.add_hint(self.model.get_int_var_from_proto_index(index), value)
            status = solver.solve(self.model)
            if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                # Nothing was found in time: what is known ends here.
                return answer
            value = round(solver.objective_value)
            open_ |= status != cp_model.OPTIMAL
            answer[level] = (value, None if open_ else value)
            hint = list(solver.response_proto.solution)
            self.model.add(total <= value)
        return answer


def exact(cluster, limit):
    if cluster.moves:
        return Model(cluster, "free").solve(limit)
    still = Model(cluster, None).solve(limit)
    lacking = sum(max(0, cluster.want - len(list_) + 1) for list_ in cluster.copies)
    least = max(0, lacking - sum(cluster.spares))
    if "same-host" not in still:
        return {}
    error = any(still[level][0] for level in ("protect", "orphans", "same-host"))
    if error or still["missing"][0] > least:
        return Model(cluster, "counted").solve(limit)
    return still


def plan(program, folder, cluster):
    command = [program, "plan", folder, "--policy", folder + "/policy.toml", "--format", "json"]
    started = time.monotonic()
    run = subprocess.run(command + ["--allow-moves"] * cluster.moves, capture_output=True, text=True)
    took = time.monotonic() - started
    if run.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit {run.returncode}\n{run.stderr}")
    return {level["level"]: level for level in json.loads(run.stdout)["objective"]}, took


def judge(levels, truth):
    """(worse, false proof, unproven levels): the first difference counts."""
    unproven = sum(1 for l in levels.values() if l["selected"] and l["proof"] == "none")
    for name in LEVELS:
        if name not in levels or name not in truth:
            continue
        value, bound = levels[name]["value"], levels[name]["bound"]
        best, proven = truth[name]
        if value > best:
            return f"{name} {value} > {best}", levels[name]["proof"] != "none" or bound > best, unproven
        if proven is not None and (value < best or bound > best):
            return None, f"{name} {value} bound {bound}, exact {best}", unproven
        if value != best:
            break
    return None, False, unproven


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=5.0)
    parser.add_argument("--only", choices=FAMILIES + MORE)
    parser.add_argument("--keep")
    parser.add_argument("--program", default="target/release/topoplan")
    args = parser.parse_args()
    rows, bad = collections.defaultdict(list), 0
    for number in range(args.count):
        family = args.only or FAMILIES[number % len(FAMILIES)]
        cluster = Cluster(family, random.Random(f"{args.seed}/{family}/{number}"))
        with tempfile.TemporaryDirectory() as scratch:
            folder = f"{args.keep}/{number}" if args.keep else scratch
            cluster.write(folder)
            levels, took = plan(args.program, folder, cluster)
        started = time.monotonic()
        truth = exact(cluster, args.limit)
        ratio = (time.monotonic() - started) / took
        worse, false, unproven = judge(levels, truth)
        rows[family].append((bool(worse), bool(false), unproven, ratio, took))
        bad += bool(worse) or bool(false)
        nodes = sum(map(len, cluster.copies)) + sum(cluster.spares)
        print(f"{number} {family} {nodes} nodes {cluster.hosts} hosts: {took:.3f} s, ratio {ratio:.0f}, "
              f"unproven {unproven}{', WORSE ' + worse if worse else ''}{f', FALSE {false}' if false else ''}",
              flush=True)
    print("family      plans worse false unproven-levels fast")
    for family, list_ in rows.items():
        levels = 18 * len(list_)
        print(f"{family:11} {len(list_):5} {sum(r[0] for r in list_):5} {sum(r[1] for r in list_):5} "
              f"{sum(r[2] for r in list_):5} of {levels} {sum(r[3] >= 20 or r[4] < 0.1 for r in list_):4}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
