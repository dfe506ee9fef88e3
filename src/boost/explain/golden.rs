//! Against the values that the package shap 0.51.0 gives for models that LightGBM 4.7.0 trained. The
//! expectation is from LightGBM itself, as shap gives it with the rounding of the training sums.

use super::oracle::{ensemble, leaf, split};
use crate::boost::ensemble::Ensemble;
use crate::boost::tree::{CategorySet, Child, Split, Test, Tree};
use ndarray::{Array2, ArrayView2, array};

/// A split on a number at which missing values go left, with its children and its cover.
fn number(column: u32, threshold: f64, children: [Child; 2], cover: u32) -> Split {
    let [left, right] = children;
    let split = split(column, Test::AtMost(threshold), left, right, f64::from(cover));
    Split { missing_left: true, ..split }
}

fn tree(splits: Vec<Split>, leaves: &[(f64, u32)]) -> Tree {
    let leaves = leaves.iter().map(|&(value, cover)| leaf(value, f64::from(cover))).collect();
    Tree { output: 0, splits, leaves, sets: Vec::new() }
}

/// Two trees, with a column twice on a path.
fn numbers() -> Ensemble {
    let (s, l) = (Child::split, Child::leaf);
    let first = vec![
        number(0, 0.550_000_000_000_000_2, [s(1), s(2)], 400),
        number(2, 2.500_000_000_000_000_4, [l(0), l(2)], 288),
        number(1, 0.150_000_000_000_000_05, [s(3), l(3)], 112),
        number(2, 1.500_000_000_000_000_2, [l(1), l(4)], 68),
    ];
    let missing_right = |split: Split| Split { missing_left: false, ..split };
    let second = vec![
        number(2, 1.000_000_018_002_509_5e-35, [l(0), s(1)], 400),
        number(0, 0.550_000_000_000_000_2, [s(2), l(2)], 306),
        missing_right(number(1, -0.449_999_999_999_999_96, [s(3), l(3)], 221)),
        missing_right(number(0, -0.85, [l(1), l(4)], 62)),
    ];
    ensemble(
        3,
        vec![
            tree(
                first,
                &[
                    (0.237_318_435_387_280_06, 179),
                    (0.747_321_429_795_452_6, 28),
                    (0.907_339_450_689_630_7, 109),
                    (1.990_909_091_450_951_3, 44),
                    (1.488_124_994_933_605_3, 40),
                ],
            ),
            tree(
                second,
                &[
                    (-0.036_016_308_810_274_573, 94),
                    (1.179_335_530_102_253, 20),
                    (0.893_239_586_493_548_2, 85),
                    (0.257_373_098_178_573_4, 159),
                    (0.420_622_246_251_219_8, 42),
                ],
            ),
        ],
    )
}

fn rows() -> Array2<f64> {
    array![[0.3, -1.2, 2.0], [f64::NAN, 0.5, 0.0], [-0.7, f64::NAN, 4.0]]
}

fn assert_near(found: ArrayView2<'_, f64>, expected: ArrayView2<'_, f64>, tolerance: f64) {
    let gaps = &found - &expected;
    assert!(gaps.iter().all(|gap| gap.abs() < tolerance), "{found}, not {expected}");
}

#[test]
fn contributions_are_those_of_shap() {
    let expected = array![
        [
            -0.542_838_046_701_135_6,
            0.104_679_730_126_081_81,
            -0.064_263_500_020_763_63,
            1.160_362_498_234_317_3
        ],
        [
            -0.451_454_058_862_280_9,
            0.054_092_441_904_550_925,
            -0.561_698_754_699_581_7,
            1.160_362_498_234_317_3
        ],
        [
            -0.388_475_072_824_929_66,
            -0.094_800_619_643_583_15,
            0.487_625_743_102_399_87,
            1.160_362_498_234_317_3
        ]
    ];
    let found = numbers().contributions(rows().view()).unwrap();
    assert_near(found.index_axis(ndarray::Axis(1), 0), expected.view(), 1e-9);
}

#[test]
fn interactions_are_those_of_shap() {
    let expected = array![
        [-0.428_950_044_019_380_8, -0.080_133_986_251_746_88, 0.057_629_971_408_846_82, 0.0],
        [-0.080_133_986_251_746_84, 0.091_137_573_816_454_8, 0.043_088_854_339_843, 0.0],
        [0.057_629_971_408_846_79, 0.043_088_854_339_843, -0.662_417_580_448_271_6, 0.0],
        [0.0, 0.0, 0.0, 1.160_362_498_234_317_3]
    ];
    let found = numbers().interactions(rows().view()).unwrap();
    assert_near(found.slice(ndarray::s![1, 0, .., ..]), expected.view(), 1e-9);
}

/// Of single precision, for shap keeps the weights of these so.
#[test]
fn contributions_against_a_background_are_those_of_shap() {
    let background = array![[0.0, 0.0, 1.0], [1.0, -1.0, 3.0], [f64::NAN, 0.4, 2.0]];
    let expected = array![
        [
            -0.462_804_446_617_762_27,
            0.108_832_776_546_478_27,
            -0.111_670_166_254_043_58,
            1.123_582_549_519_62
        ],
        [
            -0.435_745_894_908_905_03,
            0.115_883_712_967_236_83,
            -0.602_418_204_148_610_5,
            1.123_582_549_519_62
        ],
        [
            -0.378_342_469_533_284_5,
            -0.027_208_194_136_619_568,
            0.446_680_665_016_174_3,
            1.123_582_549_519_62
        ]
    ];
    let found = numbers().contributions_against(rows().view(), background.view()).unwrap();
    assert_near(found.index_axis(ndarray::Axis(1), 0), expected.view(), 1e-6);
}

/// With a category that the model has never seen.
#[test]
fn contributions_of_categories_are_those_of_shap() {
    let (s, l) = (Child::split, Child::leaf);
    let mut model = ensemble(
        3,
        vec![Tree {
            sets: vec![CategorySet::from_codes([0, 2])],
            ..tree(
                vec![
                    number(2, 0.0, [s(1), s(2)], 400),
                    number(0, 0.250_000_000_000_000_06, [l(0), l(3)], 160),
                    number(0, 1.000_000_018_002_509_5e-35, [l(1), l(2)], 240),
                ],
                &[
                    (1.015_999_994_389_713, 100),
                    (-0.306_985_294_501_132_8, 136),
                    (0.365_384_614_596_573_23, 104),
                    (1.790_833_336_114_883_4, 60),
                ],
            )
        }],
    );
    model.trees[0].splits[0].test = Test::Within { set: 0 };
    let mut rows = rows();
    rows[(2, 2)] = 7.0;
    let expected = array![
        [0.453_292_471_551_372_03, 0.0, 0.824_290_865_884_126_6, 0.513_249_998_679_384_6],
        [-0.290_801_840_385_559_06, 0.0, 0.793_551_836_095_887_3, 0.513_249_998_679_384_6],
        [-0.291_200_735_783_259_2, 0.0, -0.529_034_557_397_258_2, 0.513_249_998_679_384_6]
    ];
    let found = model.contributions(rows.view()).unwrap();
    assert_near(found.index_axis(ndarray::Axis(1), 0), expected.view(), 1e-9);
}
