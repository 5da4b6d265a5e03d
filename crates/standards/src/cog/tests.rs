use super::*;

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

fn commune(text: &str) -> &'static Commune {
    Cog::embedded().commune(code(text)).unwrap()
}

#[test]
fn dijon_is_where_it_should_be() {
    let dijon = commune("21231");
    assert_eq!(
        (dijon.name, dijon.kind, dijon.chef_lieu),
        ("Dijon", CommuneKind::Commune, None)
    );
    assert_eq!((dijon.departement.as_str(), dijon.region.as_str()), ("21", "27"));
    assert_eq!(
        Cog::embedded().departement(dijon.departement).unwrap().name,
        "Côte-d'Or"
    );
    assert_eq!(
        Cog::embedded().region(dijon.region).unwrap().name,
        "Bourgogne-Franche-Comté"
    );
}

#[test]
fn parts_of_communes_know_their_commune() {
    assert_eq!(commune("13208").chef_lieu, Some(code("13055")));
    assert_eq!(commune("13208").kind, CommuneKind::Arrondissement);
    // Its code is of the Aisne, its commune is in the Nord.
    assert_eq!(commune("02285").departement.as_str(), "59");
    assert_eq!(commune("02285").kind, CommuneKind::Associee);
    // The déléguée and the new commune share the code: the commune answers.
    assert_eq!(commune("01015").kind, CommuneKind::Commune);
}

#[test]
fn codes_are_unique_and_every_parent_exists() {
    let cog = Cog::embedded();
    assert!(cog.communes().is_sorted_by(|a, b| a.code < b.code));
    assert!(cog.departements().is_sorted_by(|a, b| a.code < b.code));
    assert!(cog.regions().is_sorted_by(|a, b| a.code < b.code));
    assert!(
        cog.departements()
            .iter()
            .all(|departement| cog.region(departement.region).is_some())
    );
    assert_eq!(
        cog.communes()
            .iter()
            .filter(|commune| commune.kind == CommuneKind::Commune)
            .count(),
        34_969
    );
    assert_eq!(cog.communes().len(), 37_006);
}

#[test]
fn texts_without_the_shape_of_a_code_are_refused() {
    for text in [
        "", "2123", "212311", "2A04", "2C004", "20001", "00123", "21é31", "2a004", " 21231",
    ] {
        assert_eq!(text.parse::<CommuneCode>(), Err(CodeError::Commune), "{text}");
    }
    for text in ["1", "20", "2C", "961", "9712", "00"] {
        assert_eq!(text.parse::<DepartementCode>(), Err(CodeError::Departement), "{text}");
    }
    for text in ["2A", "1", "R27"] {
        assert_eq!(text.parse::<RegionCode>(), Err(CodeError::Region), "{text}");
    }
}

#[test]
fn a_territory_contains_its_communes_and_no_other() {
    let contains = |territory: &str, commune| territory.parse::<Territory>().unwrap().contains(code(commune));
    for territory in ["21231", "21", "R27", "FR"] {
        assert!(contains(territory, "21231"), "{territory}");
        assert_eq!(contains(territory, "75056"), territory == "FR");
    }
    assert!(contains("13055", "13208"), "a district lies in its commune");
    assert!(!contains("13208", "13055"), "a commune does not lie in its district");
    assert!(
        contains("R94", "2A004") && contains("2A", "2A004") && contains("971", "97105") && contains("R01", "97105")
    );
    assert!(!contains("27", "21231"), "27 is the Eure, R27 the région");
}

#[test]
fn a_territory_reads_back_and_has_a_name() {
    for (text, name) in [
        ("21231", "Dijon"),
        ("27", "Eure"),
        ("R27", "Bourgogne-Franche-Comté"),
        ("FR", "France"),
    ] {
        let territory: Territory = text.parse().unwrap();
        assert_eq!((territory.to_string().as_str(), territory.name()), (text, Some(name)));
    }
    for text in ["", "fr", "R", "R2A", "France", "21 ", "2123"] {
        assert_eq!(text.parse::<Territory>(), Err(TerritoryError), "{text}");
    }
    assert_eq!("21999".parse::<Territory>().unwrap().name(), None);
}

#[test]
fn people_are_born_in_communes_or_abroad() {
    assert_eq!("99352".parse(), Ok(BirthPlace::Abroad(352)));
    assert_eq!(BirthPlace::Abroad(7).to_string(), "99007");
    assert_eq!("21231".parse::<BirthPlace>().unwrap().commune_name(), Some("Dijon"));
    // A commune of the past is accepted.
    assert_eq!("21999".parse::<BirthPlace>().unwrap().to_string(), "21999");
    for text in ["", "9935", "99", "99A12", "993521"] {
        assert_eq!(text.parse::<BirthPlace>(), Err(BirthPlaceError), "{text}");
    }
}

#[test]
fn the_embedded_code_agrees_with_the_reference_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/cog-communes.csv");
    let Ok(file) = std::fs::read(path) else {
        eprintln!("skipped: the reference data is not beside the repository");
        return;
    };
    let mut reader = csv::Reader::from_reader(&file[..]);
    let mut compared = 0;
    for row in reader.records().map(Result::unwrap) {
        let (kind, chef_lieu) = (&row[2], &row[8]);
        let own = commune(&row[0]);
        if kind == "commune-deleguee" && row[0] == *chef_lieu {
            continue;
        }
        assert_eq!(
            (own.name, own.departement.as_str(), own.region.as_str()),
            (&row[1], &row[3], &row[4])
        );
        let expected = match kind {
            "commune-actuelle" => CommuneKind::Commune,
            "commune-deleguee" => CommuneKind::Deleguee,
            "commune-associee" => CommuneKind::Associee,
            "arrondissement-municipal" => CommuneKind::Arrondissement,
            other => panic!("{other}"),
        };
        assert_eq!(own.kind, expected, "{}", &row[0]);
        if !chef_lieu.is_empty() {
            assert_eq!(own.chef_lieu, Some(code(chef_lieu)), "{}", &row[0]);
        }
        compared += 1;
    }
    assert_eq!(compared, Cog::embedded().communes().len());
}
