//! Models of others, and saved ensembles, that are none: each is refused in words.

use forewarn::Error;
use forewarn::boost::{Ensemble, Link};
use forewarn::ndarray::array;

/// Two splits, on a quantity and on a category.
const LIGHTGBM: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=load disk
feature_infos=[0:1] 0:1:2
tree_sizes=331

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=4 2
threshold=0.5 0
decision_type=10 9
left_child=1 -1
right_child=-2 -3
leaf_value=-1 2 4
leaf_weight=1 2 3
leaf_count=4 5 6
internal_value=0 0
internal_weight=6 4
internal_count=15 10
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=1

end of trees
";

/// The same tree: the listed category goes right.
const XGBOOST: &str = r#"{"version": [3, 2, 0], "learner": {
"feature_names": ["load", "disk"],
"learner_model_param": {"base_score": "[5E-1]", "num_class": "0", "num_feature": "2", "num_target": "1"},
"objective": {"name": "binary:logistic"},
"gradient_booster": {"name": "gbtree", "model": {"tree_info": [0], "trees": [{
"left_children": [1, 3, -1, -1, -1], "right_children": [2, 4, -1, -1, -1],
"split_indices": [0, 1, 0, 0, 0], "split_conditions": [0.5, 0, 2, 4, -1],
"default_left": [1, 1, 0, 0, 0], "sum_hessian": [6, 4, 2, 3, 1],
"loss_changes": [4, 2, 0, 0, 0], "split_type": [0, 1, 0, 0, 0],
"categories": [0, 2], "categories_nodes": [1], "categories_segments": [0],
"categories_sizes": [2], "tree_param": {"size_leaf_vector": "1"}}]}}}}"#;

fn words(result: forewarn::Result<Ensemble>) -> String {
    match result {
        Err(Error::InvalidModel { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

/// The base with one text replaced, which must be in it.
fn edited(base: &str, from: &str, to: &str) -> String {
    assert!(base.contains(from), "{from}");
    base.replacen(from, to, 1)
}

#[test]
fn both_bases_say_the_same() {
    let rows =
        array![[0.4, 0.0], [0.5, 1.0], [0.4, 2.9], [0.4, 77.0], [f64::NAN, f64::NAN], [0.6, 0.0]];
    let expected = array![[-1.0], [4.0], [-1.0], [4.0], [4.0], [2.0]];
    let lightgbm = Ensemble::from_lightgbm(LIGHTGBM).expect("a model");
    assert_eq!(lightgbm.raw(rows.view()), Ok(expected.clone()));
    let xgboost = Ensemble::from_xgboost(XGBOOST.as_bytes()).expect("a model");
    // XGBoost asks for less than the threshold, so 0.5 is not on the left.
    let raw = xgboost.raw(rows.view()).expect("two columns");
    assert_eq!(raw[[1, 0]], 2.0);
    assert_eq!(raw[[5, 0]], expected[[5, 0]]);
    assert_eq!(raw[[4, 0]], expected[[4, 0]]);
    for model in [&lightgbm, &xgboost] {
        assert_eq!(model.feature_names(), ["load", "disk"]);
        assert_eq!((model.n_features(), model.n_outputs(), model.n_trees()), (2, 1, 1));
        assert_eq!(model.link(), Link::Logistic { scale: 1.0 });
    }
}

#[test]
fn lightgbm_text_that_is_none_is_refused() {
    for (from, to, expected) in [
        ("tree\n", "", "the first line of LightGBM text is `tree`"),
        ("version=v4", "version=v2", "version `v2`: v3 and v4 are read"),
        ("version=v4\n", "", "`version` is missing"),
        ("binary ", "gravity ", "the objective `gravity` is not known"),
        ("sigmoid:1", "sigmoid:one", "`one` in `sigmoid` is not a number of the right kind"),
        ("sigmoid:1", "sigmoid:-1", "a logistic scale of -1.0"),
        ("max_feature_idx=1", "max_feature_idx=2", "2 names of columns, the last is 2"),
        ("iteration=1", "iteration=2", "1 trees for 2 outputs, 1 announced"),
        ("iteration=1", "iteration=4000000000", "4000000000 outputs: up to 65536 are read"),
        ("tree_sizes=331", "tree_sizes=331 331", "1 trees for 1 outputs, 2 announced"),
        ("end of trees", "", "no LightGBM text, or truncated: `end of trees` is missing"),
        ("num_leaves=3", "num_leaves=4", "tree 0: `leaf_value` has 3 entries, 4 expected"),
        ("num_leaves=3", "num_leaves=0", "tree 0: `leaf_value` has 3 entries, 0 expected"),
        ("is_linear=0", "is_linear=1", "tree 0: linear models in leaves are not supported"),
        ("left_child=1", "left_child=0", "tree 0: two ways lead to node 0"),
        ("left_child=1 -1", "left_child=1 -2", "tree 0: two ways lead to node 3"),
        ("left_child=1", "left_child=2", "tree 0: split 2 of 2"),
        ("right_child=-2", "right_child=-4", "tree 0: node 5 of 5"),
        ("split_feature=0", "split_feature=2", "a split on column 2 of 2"),
        ("threshold=0.5", "threshold=nan", "tree 0: a threshold that is NaN"),
        ("threshold=0.5 0", "threshold=0.5 1", "category set 1 of 1"),
        ("threshold=0.5 0", "threshold=0.5 -1", "tree 0: a set without number"),
        ("decision_type=10", "decision_type=12", "tree 0: decision type 12"),
        ("leaf_value=-1", "leaf_value=inf", "a leaf holds a number that is not finite"),
        ("leaf_value=-1", "leaf_value=1e999", "a leaf holds a number that is not finite"),
        ("num_cat=1", "num_cat=2", "tree 0: `cat_boundaries` has 2 entries, 3 expected"),
        (
            "cat_boundaries=0 1",
            "cat_boundaries=1 0",
            "tree 0: `cat_threshold` has 1 entries, 0 expected",
        ),
        (
            "cat_threshold=5",
            "cat_threshold=-5",
            "tree 0: `-5` in `cat_threshold` is not a number of the right kind",
        ),
    ] {
        let text = edited(LIGHTGBM, from, to);
        assert_eq!(words(Ensemble::from_lightgbm(&text)), expected, "{to}");
    }
    for end in 0..LIGHTGBM.len() - 1 {
        assert!(Ensemble::from_lightgbm(&LIGHTGBM[..end]).is_err(), "after {end} bytes");
    }
}

#[test]
fn xgboost_json_that_is_none_is_refused() {
    for (from, to, expected) in [
        ("learner", "learned", "`learner` is missing"),
        ("binary:logistic", "binary:hinge", "the objective `binary:hinge` has no counterpart here"),
        ("gbtree", "gblinear", "the booster `gblinear` is not one of trees"),
        ("[5E-1]", "[0E0]", "a starting score is not finite"),
        ("[5E-1]", "[5E-1,5E-1]", "`base_score` has 2 entries for 1 outputs"),
        ("[5E-1]", "half", "`base_score` is not a number or a list of them"),
        ("\"num_feature\": \"2\"", "\"num_feature\": \"1\"", "2 names of 1 columns"),
        (
            "\"num_class\": \"0\"",
            "\"num_class\": \"3.5\"",
            "`num_class` is not a whole number of 32 bits",
        ),
        (
            "\"num_class\": \"0\"",
            "\"num_class\": \"99999999\"",
            "99999999 outputs: up to 65536 are read",
        ),
        ("\"tree_info\": [0]", "\"tree_info\": [1]", "a tree for output 1 of 1"),
        ("\"tree_info\": [0]", "\"tree_info\": []", "1 trees, 0 outputs, 1 weights"),
        (
            "size_leaf_vector\": \"1",
            "size_leaf_vector\": \"3",
            "tree 0: trees with a vector in each leaf (`multi_output_tree`) are not read",
        ),
        (
            "\"split_indices\": [0, 1, 0,",
            "\"split_indices\": [0, 1,",
            "tree 0: `split_indices` has 4 entries for 5 nodes",
        ),
        (
            "\"left_children\": [1, 3,",
            "\"left_children\": [1, 0,",
            "tree 0: two ways lead to node 0",
        ),
        ("\"left_children\": [1,", "\"left_children\": [9,", "tree 0: node 9 of 5"),
        ("\"left_children\": [1,", "\"left_children\": [1.5,", "tree 0: a child or column 1.5"),
        ("\"split_indices\": [0,", "\"split_indices\": [7,", "a split on column 7 of 2"),
        (
            "\"split_conditions\": [0.5",
            "\"split_conditions\": [NaN",
            "tree 0: a threshold that is NaN",
        ),
        ("0, 2, 4, -1]", "0, 1e40, 4, -1]", "split 0 holds a number that is not finite"),
        (
            "\"split_type\": [0, 1",
            "\"split_type\": [0, 0",
            "tree 0: node 1: its type and its categories disagree",
        ),
        (
            "\"categories_nodes\": [1]",
            "\"categories_nodes\": [8]",
            "tree 0: categories of a node that is not there",
        ),
        (
            "\"categories_sizes\": [2]",
            "\"categories_sizes\": [3]",
            "tree 0: fewer categories than announced",
        ),
        (
            "\"categories\": [0, 2]",
            "\"categories\": [0, 99999999]",
            "tree 0: a category out of range",
        ),
        (
            "\"loss_changes\": [4,",
            "\"loss_changes\": [\"4\",",
            "a list mixes numbers with other things",
        ),
    ] {
        let text = edited(XGBOOST, from, to);
        assert_eq!(words(Ensemble::from_xgboost(text.as_bytes())), expected, "{to}");
    }
    for end in 0..XGBOOST.len() {
        assert!(Ensemble::from_xgboost(&XGBOOST.as_bytes()[..end]).is_err(), "after {end} bytes");
    }
    let older = words(Ensemble::from_xgboost(b"binf\0\0\0\x3f"));
    assert!(older.starts_with("neither JSON nor UBJ"), "{older}");
}

#[test]
fn sets_of_categories_do_not_take_all_memory() {
    // Each asks for 2 MB with a few bytes.
    let tree = XGBOOST.split_once("\"trees\": [").and_then(|(_, rest)| rest.rsplit_once("]}}}}"));
    let (tree, _) = tree.expect("a tree");
    let hungry = edited(tree, "\"categories\": [0, 2]", "\"categories\": [0, 16777215]");
    let trees = vec![hungry; 1_000].join(",");
    let many = edited(XGBOOST, tree, &trees);
    let many = edited(&many, "[0], \"trees\"", &format!("[{}], \"trees\"", ["0"; 1_000].join(",")));
    let reason = words(Ensemble::from_xgboost(many.as_bytes()));
    assert_eq!(reason, "tree 8: its category sets take too much memory");
}

#[test]
fn deep_trees_need_no_stack() {
    let splits = 200_000;
    let list = |values: &mut dyn Iterator<Item = i64>| {
        values.map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
    };
    let zeros = list(&mut std::iter::repeat_n(0, splits));
    let text = format!(
        "tree\nversion=v4\nnum_tree_per_iteration=1\nmax_feature_idx=0\nfeature_names=a\n\
         Tree=0\nnum_leaves={}\nsplit_feature={zeros}\nthreshold={zeros}\n\
         decision_type={zeros}\nleft_child={} -1\nright_child={}\nleaf_value={zeros} 7\nend of trees\n",
        splits + 1,
        list(&mut (1..splits as i64)),
        list(&mut (1..=splits as i64).map(|leaf| !leaf)),
    );
    let model = Ensemble::from_lightgbm(&text).expect("a deep tree");
    assert!(model.raw(array![[0.0], [1.0]].view()).is_ok());
    let again = Ensemble::from_lightgbm(&model.to_lightgbm().expect("written"));
    assert_eq!(again.as_ref(), Ok(&model));
    #[cfg(feature = "serde")]
    assert_eq!(Ensemble::from_bytes(&model.to_bytes().expect("written")), Ok(model));
}

#[test]
fn names_and_links_that_lightgbm_lacks() {
    let named = edited(XGBOOST, "\"load\", \"disk\"", "\"cpu load: [%]\", \"\"");
    let model = Ensemble::from_xgboost(named.as_bytes()).expect("a model");
    let text = model.to_lightgbm().expect("written");
    assert!(text.contains("\nfeature_names=cpu_load___%_ Column_1\n"), "{text}");
    let two = edited(XGBOOST, "\"num_target\": \"1\"", "\"num_target\": \"2\"");
    let uneven = Ensemble::from_xgboost(two.as_bytes()).expect("a model").to_lightgbm();
    let expected = "LightGBM has as many trees for every output: here are 1 and 0";
    assert!(uneven.is_err_and(|error| error.to_string() == expected));
    let none = edited(&two, "\"tree_info\": [0]", "\"tree_info\": []");
    let (start, rest) = none.split_once("\"trees\": [").expect("trees");
    let none = format!("{start}\"trees\": [{}", &rest[rest.rfind("]}}}}").expect("an end")..]);
    let none = edited(&none, "binary:logistic", "count:poisson");
    let wide = Ensemble::from_xgboost(none.as_bytes()).expect("a model").to_lightgbm();
    let expected = "LightGBM has no objective for Exponential with 2 outputs";
    assert!(wide.is_err_and(|error| error.to_string() == expected));
}

#[cfg(feature = "serde")]
#[test]
fn saved_ensembles_that_were_edited_are_refused() {
    use serde_json::{Value, json};

    let model = Ensemble::from_lightgbm(LIGHTGBM).expect("a model");
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut saved = serde_json::to_value(&model).expect("an ensemble can be written");
        edit(&mut saved);
        let refused = serde_json::from_value::<Ensemble>(saved);
        refused.expect_err("an edited ensemble").to_string()
    };
    let in_split = |name: &str, value: Value| {
        edited(&|saved| saved["trees"][0]["splits"][1][name] = value.clone())
    };
    for (words, expected) in [
        (edited(&|saved| saved["format"] = json!(0)), "format version 0 never was"),
        (edited(&|saved| saved["columns"] = json!(0)), "0 columns and 1 outputs"),
        (edited(&|saved| saved["names"] = json!(["a"])), "1 names of 2 columns"),
        (
            edited(&|saved| saved["link"] = json!({"Logistic": {"scale": 0.0}})),
            "a logistic scale of 0.0",
        ),
        (edited(&|saved| saved["trees"][0]["output"] = json!(1)), "a tree for output 1 of 1"),
        (edited(&|saved| saved["trees"][0]["sets"] = json!([])), "category set 0 of 0"),
        (
            edited(&|saved| saved["trees"][0]["leaves"] = json!([])),
            "a tree of 2 splits with 0 leaves",
        ),
        (in_split("column", json!(9)), "a split on column 9 of 2"),
        (in_split("left", json!(0)), "split 1 leads back to split 0"),
        (in_split("left", json!(-2)), "two ways lead to one node, 1"),
        (in_split("left", json!(-9)), "split 1 leads to node 8: not there"),
    ] {
        assert_eq!(words, format!("not a valid model: {expected}"));
    }
    let newer = edited(&|saved| saved["format"] = json!(2));
    assert_eq!(newer, "the model has format version 2; versions up to 1 can be read");
    // A forest is no ensemble, nor the other way round.
    let forest = crate::files::forest().to_bytes().expect("a forest can be written");
    assert_eq!(words(Ensemble::from_bytes(&forest)), "it has another beginning");
    let bytes = model.to_bytes().expect("an ensemble can be written");
    assert!(forewarn::forest::IsolationForest::from_bytes(&bytes).is_err());
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 1;
        assert!(Ensemble::from_bytes(&damaged).is_err(), "byte {position}");
        assert!(Ensemble::from_bytes(&bytes[..position]).is_err(), "after {position} bytes");
    }
}
