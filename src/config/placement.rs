//! `LOCATION_HINT` and `JURISDICTION`: where the objects of worlds are.

/// Where the object of a world is. Only the first request to an object decides: a world that exists does not move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placement {
    /// Where it should be. Without a hint, it is near its first client.
    pub location_hint: Option<LocationHint>,
    /// Where it must be, with all that it stores. It is a part of the object's identity: the worlds of one name in two jurisdictions,
    /// or with one and without, are two worlds.
    pub jurisdiction: Option<Jurisdiction>,
}

impl Placement {
    /// Returns a placement without a hint and a jurisdiction.
    pub const fn new() -> Self {
        Self { location_hint: None, jurisdiction: None }
    }

    /// Sets the location hint.
    #[must_use]
    pub const fn near(mut self, hint: LocationHint) -> Self {
        self.location_hint = Some(hint);
        self
    }

    /// Sets the jurisdiction.
    #[must_use]
    pub const fn within(mut self, jurisdiction: Jurisdiction) -> Self {
        self.jurisdiction = Some(jurisdiction);
        self
    }

    /// Parses the variables `LOCATION_HINT` and `JURISDICTION`. `variable` returns the text of one.
    ///
    /// # Errors
    /// One is neither empty nor a name that the platform knows. Returns the variable's name and what is wrong.
    pub(super) fn parse(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, (&'static str, String)> {
        let mut found = [None; 2];
        let variables = [("LOCATION_HINT", HINTS), ("JURISDICTION", JURISDICTIONS)];
        for ((name, names), found) in variables.into_iter().zip(&mut found) {
            let text = variable(name).unwrap_or_default();
            let text = text.trim();
            *found = names.iter().copied().find(|name| *name == text);
            if found.is_none() && !text.is_empty() {
                return Err((name, format!("is {text:?}; it must be one of {}", names.join(", "))));
            }
        }
        let [hint, jurisdiction] = found;
        Ok(Self { location_hint: hint.map(LocationHint), jurisdiction: jurisdiction.map(Jurisdiction) })
    }
}

/// The names of all location hints.
const HINTS: &[&str] = &["wnam", "enam", "sam", "weur", "eeur", "apac", "apac-ne", "apac-se", "oc", "afr", "me"];

/// The names of all jurisdictions.
const JURISDICTIONS: &[&str] = &["eu", "us", "fedramp", "fedramp-high"];

/// A region near which an object should be: the platform does what it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocationHint(&'static str);

impl LocationHint {
    /// Western North America. The platform's name is `wnam`.
    pub const WESTERN_NORTH_AMERICA: Self = Self("wnam");
    /// Eastern North America. The platform's name is `enam`.
    pub const EASTERN_NORTH_AMERICA: Self = Self("enam");
    /// South America. The platform's name is `sam`.
    pub const SOUTH_AMERICA: Self = Self("sam");
    /// Western Europe. The platform's name is `weur`.
    pub const WESTERN_EUROPE: Self = Self("weur");
    /// Eastern Europe. The platform's name is `eeur`.
    pub const EASTERN_EUROPE: Self = Self("eeur");
    /// Asia and the Pacific. The platform's name is `apac`.
    pub const ASIA_PACIFIC: Self = Self("apac");
    /// North-east Asia and the Pacific. The platform's name is `apac-ne`.
    pub const NORTHEAST_ASIA_PACIFIC: Self = Self("apac-ne");
    /// South-east Asia and the Pacific. The platform's name is `apac-se`.
    pub const SOUTHEAST_ASIA_PACIFIC: Self = Self("apac-se");
    /// Oceania. The platform's name is `oc`.
    pub const OCEANIA: Self = Self("oc");
    /// Africa. The platform's name is `afr`.
    pub const AFRICA: Self = Self("afr");
    /// The Middle East. The platform's name is `me`.
    pub const MIDDLE_EAST: Self = Self("me");

    /// Returns the platform's name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// A jurisdiction that an object, and all that it stores, does not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jurisdiction(&'static str);

impl Jurisdiction {
    /// The European Union. The platform's name is `eu`.
    pub const EU: Self = Self("eu");
    /// The United States. The platform's name is `us`.
    pub const US: Self = Self("us");
    /// Data centers with the authorization of `FedRAMP`. The platform's name is `fedramp`.
    pub const FEDRAMP: Self = Self("fedramp");
    /// Those with the authorization for a high impact. The platform's name is `fedramp-high`.
    pub const FEDRAMP_HIGH: Self = Self("fedramp-high");

    /// Returns the platform's name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(hint: &str, jurisdiction: &str) -> Result<Placement, (&'static str, String)> {
        Placement::parse(&|name| Some(if name == "JURISDICTION" { jurisdiction } else { hint }.to_owned()))
    }

    #[test]
    fn the_platforms_names_are_parsed_and_no_others() {
        assert_eq!(parse("", " "), Ok(Placement::new()));
        for hint in [
            LocationHint::WESTERN_NORTH_AMERICA,
            LocationHint::EASTERN_NORTH_AMERICA,
            LocationHint::SOUTH_AMERICA,
            LocationHint::WESTERN_EUROPE,
            LocationHint::EASTERN_EUROPE,
            LocationHint::ASIA_PACIFIC,
            LocationHint::NORTHEAST_ASIA_PACIFIC,
            LocationHint::SOUTHEAST_ASIA_PACIFIC,
            LocationHint::OCEANIA,
            LocationHint::AFRICA,
            LocationHint::MIDDLE_EAST,
        ] {
            assert_eq!(parse(&format!(" {} ", hint.as_str()), ""), Ok(Placement::new().near(hint)));
        }
        for jurisdiction in [Jurisdiction::EU, Jurisdiction::US, Jurisdiction::FEDRAMP, Jurisdiction::FEDRAMP_HIGH] {
            assert_eq!(parse("", jurisdiction.as_str()), Ok(Placement::new().within(jurisdiction)));
        }
        assert_eq!((HINTS.len(), JURISDICTIONS.len()), (11, 4));
        let error = |hint, jurisdiction| parse(hint, jurisdiction).expect_err("no name");
        let hints = "wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr, me";
        assert_eq!(error("WEUR", ""), ("LOCATION_HINT", format!("is \"WEUR\"; it must be one of {hints}")));
        assert_eq!(
            error("weur", "de"),
            ("JURISDICTION", "is \"de\"; it must be one of eu, us, fedramp, fedramp-high".to_owned())
        );
        assert_eq!(error("weur,eeur", "").0, "LOCATION_HINT");
    }
}
