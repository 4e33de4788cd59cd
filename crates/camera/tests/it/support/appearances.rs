//! Who is where in the footage, looked up by eye at each whole second: everybody, also who stands or is partly hidden.

/// One person at one second.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// Who, by letter. Who comes out from a crowd or from behind the sign may be another one than who went in.
    pub(crate) who: char,
    pub(crate) second: usize,
    /// Left, top, right, bottom, as parts of the picture.
    pub(crate) place: [f32; 4],
    /// Partly hidden by something or somebody.
    pub(crate) hidden: bool,
    /// Partly out of the picture, coming or going.
    pub(crate) at_border: bool,
    /// Went less than a quarter of his height within the second before and the one after.
    pub(crate) stands: bool,
}

impl Sight {
    /// Height in cells of a picture of 96 by 72.
    pub(crate) fn height(&self) -> f32 {
        (self.place[3] - self.place[1]) * 72.0
    }

    /// Which part of the person's box lies in an area.
    pub(crate) fn part_in(&self, area: &ownsight_camera::Area) -> f32 {
        let [left, top, right, bottom] = self.place;
        let shared = |a: (f32, f32), b: (f32, f32)| (a.1.min(b.1) - a.0.max(b.0)).max(0.0);
        shared((left, right), (area.left, area.right)) * shared((top, bottom), (area.top, area.bottom))
            / ((right - left) * (bottom - top))
    }
}

/// All of them.
pub(crate) fn appearances() -> Vec<Sight> {
    let rows: Vec<Vec<&str>> =
        include_str!("appearances.csv").lines().skip(1).map(|line| line.split(',').collect()).collect();
    let middle = |row: &[&str]| {
        let at = |index: usize| row[index].parse::<f32>().unwrap();
        (f32::midpoint(at(2), at(4)), at(5))
    };
    let sight = |row: &Vec<&str>| {
        let second: usize = row[1].parse().unwrap();
        let at = |index: usize, whole: f32| row[index].parse::<f32>().unwrap() / whole;
        let place = [at(2, 768.0), at(3, 576.0), at(4, 768.0), at(5, 576.0)];
        let here = middle(row);
        let far = |other: &Vec<&str>| {
            let there = middle(other);
            (there.0 - here.0).hypot(there.1 - here.1)
        };
        let near = rows.iter().filter(|other| other[0] == row[0]);
        let gone = near.filter(|other| other[1].parse::<usize>().unwrap().abs_diff(second) == 1).map(far);
        let stands = gone.fold(0.0, f32::max) < (place[3] - place[1]) * 576.0 / 4.0;
        let (hidden, at_border) = (row[6] == "h", row[6] == "e");
        Sight { who: row[0].chars().next().unwrap(), second, place, hidden, at_border, stands }
    };
    rows.iter().map(sight).collect()
}
