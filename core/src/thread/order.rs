//! A sorted set that knows each member's place: a weight-balanced tree in one vector.
//!
//! Adding, finding, counting what stands before a key and finding the n-th member all take O(log n) steps. The
//! balance is that of Adams' trees with the parameters (3, 2) that Hirai and Yamamoto proved ("Balancing
//! weight-balanced trees", JFP 21, 2011); the sizes that balance it are the ones a list needs for its indexes. The
//! map of the standard library has no places, and each further type of it costs the element kilobytes.

/// What members are sorted by: a group, a time in it, and a hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key([u8; 72]);

impl Key {
    pub(super) fn new(group: &[u8; 32], time: u64, hash: &[u8; 32]) -> Self {
        let mut key = [0; 72];
        key[..32].copy_from_slice(group);
        key[32..40].copy_from_slice(&time.to_be_bytes());
        key[40..].copy_from_slice(hash);
        Self(key)
    }
}

/// A sorted set of keys, each with a number. Nothing is ever removed.
#[derive(Clone, Default)]
pub(super) struct Order {
    nodes: Vec<Node>,
    /// One more than the place of the root in `nodes`; 0 while there is none. All links are such.
    root: usize,
}

#[derive(Clone)]
struct Node {
    key: Key,
    number: usize,
    size: usize,
    children: [usize; 2],
}

impl Order {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a key; false if it was there, with whatever number.
    pub(super) fn insert(&mut self, key: Key, number: usize) -> bool {
        if self.get(&key).is_some() {
            return false;
        }
        self.nodes.push(Node { key, number, size: 1, children: [0; 2] });
        self.root = self.grow(self.root, self.nodes.len());
        true
    }

    /// The number of a key.
    pub(super) fn get(&self, key: &Key) -> Option<usize> {
        self.number_at(self.rank(key)).filter(|(found, _)| *found == key).map(|(_, number)| number)
    }

    /// How many keys are smaller.
    pub(super) fn rank(&self, key: &Key) -> usize {
        let (mut at, mut rank) = (self.root, 0);
        while let Some(node) = self.node(at) {
            let [left, right] = node.children;
            if node.key < *key {
                rank += self.size(left) + 1;
                at = right;
            } else {
                at = left;
            }
        }
        rank
    }

    /// The number at a place, counted from 0.
    pub(super) fn select(&self, place: usize) -> Option<usize> {
        self.number_at(place).map(|(_, number)| number)
    }

    /// The numbers of the first `limit` members of a group.
    pub(super) fn members(&self, group: &[u8; 32], limit: usize) -> Vec<usize> {
        let mut place = self.rank(&Key::new(group, 0, &[0; 32]));
        let end = place + limit.min(self.count(group));
        let mut members = Vec::new();
        while place < end {
            members.extend(self.select(place));
            place += 1;
        }
        members
    }

    /// The number of the last member of a group.
    pub(super) fn last(&self, group: &[u8; 32]) -> Option<usize> {
        if self.count(group) == 0 { None } else { self.select(self.end(group) - 1) }
    }

    /// How many members a group has.
    pub(super) fn count(&self, group: &[u8; 32]) -> usize {
        self.end(group) - self.rank(&Key::new(group, 0, &[0; 32]))
    }

    fn end(&self, group: &[u8; 32]) -> usize {
        self.rank(&Key::new(group, u64::MAX, &[0xff; 32]))
    }

    fn number_at(&self, mut place: usize) -> Option<(&Key, usize)> {
        let mut at = self.root;
        while let Some(node) = self.node(at) {
            let [left, right] = node.children;
            let before = self.size(left);
            if place == before {
                return Some((&node.key, node.number));
            }
            at = if place < before { left } else { right };
            if place > before {
                place -= before + 1;
            }
        }
        None
    }

    fn node(&self, link: usize) -> Option<&Node> {
        self.nodes.get(link.wrapping_sub(1))
    }

    fn size(&self, link: usize) -> usize {
        self.node(link).map_or(0, |node| node.size)
    }

    fn weight(&self, link: usize) -> usize {
        self.size(link) + 1
    }

    fn child(&self, link: usize, side: usize) -> usize {
        self.nodes[link - 1].children[side]
    }

    fn set_child(&mut self, link: usize, side: usize, child: usize) {
        self.nodes[link - 1].children[side] = child;
        let [left, right] = self.nodes[link - 1].children;
        self.nodes[link - 1].size = self.size(left) + self.size(right) + 1;
    }

    /// Puts `new` into the subtree at `at`; gives its new root.
    fn grow(&mut self, at: usize, new: usize) -> usize {
        if at == 0 {
            return new;
        }
        let side = usize::from(self.nodes[at - 1].key < self.nodes[new - 1].key);
        let grown = self.grow(self.child(at, side), new);
        self.set_child(at, side, grown);
        if self.weight(grown) <= 3 * self.weight(self.child(at, 1 - side)) {
            return at;
        }
        if self.weight(self.child(grown, 1 - side)) >= 2 * self.weight(self.child(grown, side)) {
            let raised = self.raise(grown, 1 - side);
            self.set_child(at, side, raised);
        }
        self.raise(at, side)
    }

    /// Puts the child on `side` above its parent.
    fn raise(&mut self, parent: usize, side: usize) -> usize {
        let child = self.child(parent, side);
        self.set_child(parent, side, self.child(child, 1 - side));
        self.set_child(child, 1 - side, parent);
        child
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn key(group: u8, time: u64) -> Key {
        Key::new(&[group; 32], time, &[7; 32])
    }

    fn depth(order: &Order, link: usize) -> usize {
        order
            .node(link)
            .map_or(0, |node| 1 + node.children.map(|c| depth(order, c)).into_iter().max().unwrap())
    }

    proptest! {
        #[test]
        fn places_are_those_of_a_sorted_map(members in prop::collection::vec((0u8..4, 0u64..200), 0..300)) {
            let (mut order, mut sorted) = (Order::default(), BTreeMap::new());
            for (number, (group, time)) in members.into_iter().enumerate() {
                let new = !sorted.contains_key(&(group, time));
                sorted.entry((group, time)).or_insert(number);
                prop_assert_eq!(order.insert(key(group, time), number), new);
            }
            prop_assert_eq!(order.len(), sorted.len());
            for (place, ((group, time), number)) in sorted.iter().enumerate() {
                prop_assert_eq!(order.select(place), Some(*number));
                prop_assert_eq!(order.rank(&key(*group, *time)), place);
                prop_assert_eq!(order.get(&key(*group, *time)), Some(*number));
            }
            prop_assert_eq!(order.select(sorted.len()), None);
            for group in 0..5 {
                let members = sorted.iter().filter(|((g, _), _)| *g == group).map(|(_, number)| *number);
                let members: Vec<_> = members.collect();
                prop_assert_eq!(order.count(&[group; 32]), members.len());
                prop_assert_eq!(order.last(&[group; 32]), members.last().copied());
                prop_assert_eq!(order.members(&[group; 32], usize::MAX), &members[..]);
                prop_assert_eq!(order.members(&[group; 32], 3), &members[..members.len().min(3)]);
            }
        }
    }

    #[test]
    fn it_stays_flat_whatever_the_order_of_arrival() {
        let count = 20_000_u64;
        let rising: Vec<_> = (0..count).collect();
        let falling: Vec<_> = (0..count).rev().collect();
        let outside_in: Vec<_> = (0..count).map(|i| if i % 2 == 0 { i } else { count * 2 - i }).collect();
        for times in [rising, falling, outside_in] {
            let mut order = Order::default();
            for (number, time) in times.into_iter().enumerate() {
                order.insert(key(1, time), number);
            }
            // log2(20,000) is 14.3; a tree of this balance is at most 2.41 times as deep.
            assert!(depth(&order, order.root) <= 35);
        }
    }
}
